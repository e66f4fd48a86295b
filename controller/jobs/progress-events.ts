import type { ProgressEvent } from "../reconcile/progress.ts";
import type { NewEvent } from "../store/types.ts";

const STATES = { done: "converged", provisioning: "provisioning", failed: "failed" } as const;

/** What others are told of the steps of a reconcile: `run.succeeded`, `server.converged`. Undefined for what is only for the log. Pure. */
export function eventOf(event: ProgressEvent): NewEvent | undefined {
  if (event.kind === "run") {
    const { id, stack, run, commit, outcome, ms } = event;
    if (id === undefined) return undefined;
    return { kind: `run.${outcome}`, run: id, object: stack, data: { run: id, stack, kind: run, commit, outcome, ms } };
  }
  if (event.kind !== "object" || event.state === "started" || event.object?.kind !== "Server") return undefined;
  const { name, op, state, message, object, run } = event;
  const about = {
    name,
    account: object.account,
    op,
    ...(message !== undefined && { reason: message }),
    ...(run && { run }),
  };
  return { kind: `server.${STATES[state]}`, object: name, data: about };
}
