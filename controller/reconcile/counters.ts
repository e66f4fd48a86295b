import type { StackObject } from "../../resources/spec.ts";

/** A document with counters at their highest: lowering one in a file says nothing, and must not make room to raise it again. */
export function withCounters<T extends StackObject>(spec: T, before: StackObject | undefined): T {
  if (spec.kind !== "Server" || before?.kind !== "Server") return spec;
  return {
    ...spec,
    rebuild: Math.max(spec.rebuild, before.rebuild),
    restarts: {
      reboot: Math.max(spec.restarts.reboot, before.restarts.reboot),
      reset: Math.max(spec.restarts.reset, before.restarts.reset),
    },
  };
}
