import type { BeingMade } from "./being-made.ts";
import type { Effect, EffectOp } from "./types.ts";

/** What a reconcile tells while it goes on; the CLI draws it, the API streams it. */
export type ProgressEvent = { kind: "phase"; text: string } | ObjectEvent | { kind: "note"; text: string } | RunEnd;

export type Progress = (event: ProgressEvent) => void;

/** A run of the engine has ended. Previews have no id: nothing of them is stored. */
export interface RunEnd {
  kind: "run";
  id?: string;
  stack: string;
  run: "preview" | "up" | "refresh" | "destroy";
  commit: string;
  outcome: "succeeded" | "failed" | "killed";
  ms: number;
}

export interface ObjectEvent {
  kind: "object";
  name: string;
  /** Which of several with this name; absent where only servers are told. */
  object?: Effect["object"];
  op: EffectOp;
  state: "started" | "done" | "provisioning" | "failed";
  message?: string;
  beingMade?: BeingMade;
  /** Of the run that does it; absent where it is not told by one. */
  run?: string;
}
