import type { AppliedObject } from "../store/types.ts";
import type { Effect, Work } from "./types.ts";

/** An applied object as a run that only compares or declares it needs it: nothing is to change. */
export function settledWork(applied: AppliedObject): Work {
  const { identity, generation, mark, stack, hash, document, kind, name } = applied;
  const object = { kind, name, account: document.account };
  const effect: Effect = {
    hash: "",
    stack,
    object,
    op: "update",
    changes: [],
    replaceReasons: [],
    dataLoss: false,
    notes: [],
  };
  return { effect, applied, desired: document, identity, generation, mark, stack, refresh: false, desiredHash: hash };
}
