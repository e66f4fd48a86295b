import type { HeldEffect, Preview, Verdict } from "../reconcile/types.ts";
import type { Person } from "../repo/commit.ts";
import type { FileEdit } from "../repo/edits.ts";

export const CHANGE_STATES = [
  "draft",
  "previewing",
  "previewed",
  "needs-approval",
  "approved",
  "executing",
  "converged",
  "failed",
  "closed",
  "stale",
] as const;
/**
 * `previewed`: it would do nothing, or cannot be executed as it is (a guard refuses, or all is held). `stale`: its effects have become others than
 * were shown, or its edits fit no more; a new preview says what is so now. `failed` comes again by itself, as its lane does.
 */
export type ChangeState = (typeof CHANGE_STATES)[number];

/** Where a change was asked for; policies tell them apart. A dialect has its own name. */
export type Surface = "api" | "page" | "cli" | "pull-request" | (string & {});

export interface ChangeApproval {
  /** Effect hashes. */
  hashes: string[];
  by: string;
  /** ISO instant. */
  at: string;
}

/** One effect's end. */
export interface ChangeResult {
  effectHash: string;
  name: string;
  op: string;
  state: "converged" | "provisioning" | "failed";
  message?: string;
}

/** A wish that becomes a commit: what it would do, who agreed to it, and what came of it. Instants are ISO. */
export interface Change {
  /** `c-` and 12 characters. */
  id: string;
  /** The first line of its commit. */
  title: string;
  state: ChangeState;
  /** Why it is in this state, where that is to be said. */
  reason?: string;
  author: Person;
  /** UUID of the user who opened it. */
  openedBy?: string;
  surface: Surface;
  edits: readonly FileEdit[];
  /** Paths that its commit changes. */
  files: string[];
  /** `objectKey` of what it changes. */
  objects: string[];
  /** The commit of the main line that the preview is on top of. */
  base: string;
  /** The commit that was previewed; until it is executed it is on no branch. */
  head?: string;
  /** On the main line. */
  merged?: string;
  /** As last shown; absent before the first preview. */
  preview?: Pick<Preview, "hash" | "effects" | "cost" | "price" | "notes"> & {
    held?: HeldEffect[];
    verdicts: Verdict[];
  };
  approvals: ChangeApproval[];
  /** So far, by effect. */
  results: ChangeResult[];
  /** Runs of the engine that carried it. */
  runs: string[];
  createdAt: string;
  updatedAt: string;
}

/** One step of a change from state to state. */
export interface ChangeStep {
  change: string;
  from?: ChangeState;
  to: ChangeState;
  by: string;
  at: string;
  reason?: string;
}
