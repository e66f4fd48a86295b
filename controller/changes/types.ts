import type { Role } from "../people/principal.ts";
import type { Outcome } from "../reconcile/execute.ts";
import type { Overrides } from "../reconcile/guards.ts";
import type { Preview } from "../reconcile/types.ts";
import type { Person } from "../repo/commit.ts";
import type { FileEdit } from "../repo/edits.ts";
import type { CallRefusal, DialectCall } from "./call.ts";

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
 * `previewed`: it cannot be executed as it is, because a guard refuses or all of it is held. `stale`: its edits fit no more, or what it would do
 * has become something else than was approved; a new preview says what is so now. `failed` comes again by itself, as its lane does.
 */
export type ChangeState = (typeof CHANGE_STATES)[number];

/** Where a change was asked for; policies tell them apart. A dialect has its own name. */
export type Surface = "api" | "page" | "cli" | "pull-request" | (string & {});

export interface ChangeApproval {
  /** Effect hashes; of a change that has no effects, the hash of its preview. */
  hashes: string[];
  /** Lifted with it. */
  overrides?: Overrides;
  by: string;
  /** ISO instant. */
  at: string;
}

/** One effect's end. */
export type ChangeResult = Pick<Outcome, "effectHash" | "name" | "op" | "state" | "message" | "refusal">;

/** As last shown. Its hash is never empty: that of a change which does nothing to any machine is over its edits. */
export type ChangePreview = Pick<Preview, "hash" | "effects" | "held" | "verdicts" | "cost" | "price" | "notes">;

/** The pull request that a change is. */
export interface ChangePull {
  number: number;
  /** Its page on the forge. */
  url: string;
  /** Commit that it asks to have merged. */
  head: string;
  /** Why nothing is run for this head until an operator has it previewed. */
  gate?: string;
}

/** A wish that becomes a commit: what it would do, who agreed to it, and what came of it. Instants are ISO. */
export interface Change {
  /** `c-` and 12 characters. */
  id: string;
  /** Raised by each step, so that nobody goes on from an old one. */
  version: number;
  /** The first line of its commit. */
  title: string;
  state: ChangeState;
  /** Why it is in this state, where that is to be said. */
  reason?: string;
  author: Person;
  /** Of whoever opened it: what policies go by. */
  role: Role;
  /** UUID of the user who opened it. */
  openedBy?: string;
  surface: Surface;
  edits: readonly FileEdit[];
  /** `objectKey` of what a hand has changed and is to be as the files say again. Such a change has no edits, and no commit of its own. */
  reverts?: readonly string[];
  /** Its edits are then made anew on each commit, as git would merge it; merging it at the forge executes it. */
  pull?: ChangePull;
  /** What a dialect's caller has asked for. */
  call?: DialectCall;
  /** Why a call has come to nothing. */
  refusal?: CallRefusal;
  /** Executed as soon as it is approved. */
  executes: boolean;
  /** Paths that its commit changes; of what it brings back, those that say how it is to be. */
  files: string[];
  /** `objectKey` of what it changes. */
  objects: string[];
  /** The commit of the main line that it was last looked at on. */
  base: string;
  /** On top of `base`; no branch has it. `base` itself where it has no edits. */
  head: string;
  /** Key of the request for its commit on the main line, once that was asked for: asked again, it is the same commit. */
  mergeKey?: string;
  /** On the main line, once it is there: its own, or the one that it was executed at. */
  merged?: string;
  /** Absent before the first preview. */
  preview?: ChangePreview;
  approvals: ChangeApproval[];
  /** So far, one an effect. */
  results: ChangeResult[];
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
