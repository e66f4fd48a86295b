import type { EffectOp } from "./types.ts";

/** What a reconcile tells while it goes on; the CLI draws it, the API streams it. */
export type ProgressEvent =
  | { kind: "phase"; text: string }
  | { kind: "object"; name: string; op: EffectOp; state: "started" | "done" | "failed"; message?: string }
  | { kind: "note"; text: string };

export type Progress = (event: ProgressEvent) => void;
