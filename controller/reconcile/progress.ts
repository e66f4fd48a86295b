import type { BeingMade } from "./being-made.ts";
import type { Effect, EffectOp } from "./types.ts";

/** What a reconcile tells while it goes on; the CLI draws it, the API streams it. */
export type ProgressEvent = { kind: "phase"; text: string } | ObjectEvent | { kind: "note"; text: string };

export type Progress = (event: ProgressEvent) => void;

export interface ObjectEvent {
  kind: "object";
  name: string;
  /** Which of several with this name; absent where only servers are told. */
  object?: Effect["object"];
  op: EffectOp;
  state: "started" | "done" | "provisioning" | "failed";
  message?: string;
  beingMade?: BeingMade;
}
