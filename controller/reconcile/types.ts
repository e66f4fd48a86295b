import type { HostInstance } from "../../resources/actual.ts";
import type { ServerSpec, StackObject } from "../../resources/spec.ts";
import type { AppliedObject, Cost } from "../store/types.ts";
import type { BeingMade } from "./being-made.ts";

export type ObjectKind = AppliedObject["kind"];

/** What happens to an object. `adopt` takes over a running machine, `forget` lets one go without touching it. */
export type EffectOp = "create" | "update" | "replace" | "delete" | "adopt" | "forget";

/** One field that changes. Values of confidential fields are never shown: `secret` says that there is one. */
export interface Change {
  /** Path in the fleet file: `size`, `labels.env`. A rule that goes is `rules[-1]` and one that comes `rules[+2]`, each by its place in its list. */
  path: string;
  before?: unknown;
  after?: unknown;
  secret?: true;
  /** The cloud differs from what was last applied: somebody changed it by hand. */
  drift?: true;
}

export type { Cost } from "../store/types.ts";

/** What the engine will do to one object: the unit of approval. */
export interface Effect {
  /** Names this effect in an approval. Hashed from compiled inputs, operation and replace reasons. */
  hash: string;
  stack: string;
  object: { kind: ObjectKind; name: string; account: string };
  op: EffectOp;
  changes: Change[];
  /** Why it is a replace; empty for other ops. */
  replaceReasons: string[];
  /** The machine's disk is lost. */
  dataLoss: boolean;
  /** What the provider asks; absent where its catalogue has no price. */
  cost?: { before?: Cost; after?: Cost };
  /** What the customer pays: the plan's base price and markup, or without a plan what the provider asks. */
  price?: { before?: Cost; after?: Cost };
  /** What an operator would type for it, where that is a thing to say: `openstack aggregate add host …`. */
  commands?: string[];
  /** Machines of anybody's on a host that moves; the first of them, and how many there are. */
  instances?: { total: number; first: HostInstance[] };
  /** What a reader should know: edits that wait for a rebuild, a machine that is gone. */
  notes: string[];
}

/** Why an effect is not executed now. */
export interface Hold {
  /**
   * `dependency`: what it needs, or what still needs it, is held. `reshard`: its server may lie in two stacks. `pull-request`: it is as a pull request
   * has it that nobody has merged yet. `spending`: its account would come above what it may cost a month.
   */
  by: "spending" | "suspend" | "window" | "freeze" | "dependency" | "reshard" | "pull-request";
  /** What says so: `server web-1`, `account linode-main`, `stack linode-main.0`, `firewall web`. */
  what: string;
  reason: string;
  /** ISO instant from which on it may be executed; absent where a commit has to let it go on. */
  until?: string;
}

/** An effect that is shown and cannot be approved: by the core's own look, without the engine's. */
export interface HeldEffect {
  effect: Effect;
  holds: Hold[];
}

/** A guard's word on a set of effects. */
export interface Verdict {
  guard:
    | "mass-removal"
    | "protect"
    | "replace"
    | "owner"
    | "region"
    | "unsupported"
    | "ended"
    | "spending"
    | "inactive";
  /** False refuses the whole set. */
  passed: boolean;
  message: string;
  /** What lifts the refusal, as an option of `apply`; absent where nothing does. */
  override?: string;
  objects: string[];
}

export interface Preview {
  commit: string;
  /** Commit that was compared with, when one was named; otherwise what was last applied. */
  base?: string;
  /** Hash over all effect hashes; what `apply --approve` takes. "" when there is nothing to do. */
  hash: string;
  effects: Effect[];
  /** Effects that are held: in no sum, in no hash, and never executed while they are; absent when there are none. */
  held?: HeldEffect[];
  verdicts: Verdict[];
  /** Things to know that are no effects. */
  notes: string[];
  /** Sums of what the effects concern, one a currency. */
  cost: { before: Cost[]; after: Cost[] };
  price: { before: Cost[]; after: Cost[] };
  /** Engine processes that were started for it. */
  engineRuns: number;
  /** Machines that earlier runs have ordered and that the cloud is still making ready: no effects, and nothing waits for them. */
  beingMade?: BeingMade[];
}

/** An object that is to be worked on, with all that a run needs of it. */
export interface Work {
  effect: Effect;
  /** The desired document; undefined for a removal. */
  desired?: StackObject;
  /** What is recorded; undefined for something new. */
  applied?: AppliedObject;
  identity: string;
  /** Of the machine this effect makes or keeps. */
  generation: number;
  mark: string;
  stack: string;
  /** Read the group from the cloud first. */
  refresh: boolean;
  /** Live hash of the desired document. */
  desiredHash: string;
  /** Whose the recorded machine is now, when it does not carry our mark any more. */
  holder?: "nobody" | "another";
  /** The recorded machine is gone: this makes another, or has nothing left to remove. */
  gone?: true;
  /** A window or a freeze would hold it, and who approves has lifted that. */
  outsideWindow?: true;
}

export const isServer = (spec: StackObject): spec is ServerSpec => spec.kind === "Server";

/** `Server/linode-main/web-1`: names an object everywhere that is not shown to people. */
export const objectKey = (object: { kind: string; account: string; name: string }): string =>
  object.kind === "Server" ? `Server//${object.name}` : `${object.kind}/${object.account}/${object.name}`;
