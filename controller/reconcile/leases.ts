import { hostname } from "node:os";
import { FleetError } from "../../resources/errors.ts";
import { isAlive, processStartTime } from "../processes.ts";
import type { Controller } from "./context.ts";

/** A holder that has not renewed for this long has lost its stacks. */
export const LEASE_MS = 30_000;
const RENEW_MS = 5_000;
const HOLDER = /^(.+) process (\d+) started (.+)$/;

/** Names a process in leases, so that others can tell whether it is still there. */
export function holderName(pid: number): string {
  return `${hostname()} process ${pid} started ${processStartTime(pid) ?? "unknown"}`;
}

/** A process of this machine that is gone holds nothing any more; of other machines only the lease's end tells. */
function isGone(holder: string): boolean {
  const [, host, pid, startTime] = HOLDER.exec(holder) ?? [];
  return host === hostname() && !isAlive(Number(pid), startTime!);
}

/** How long one waits for another process that is at work on the same stack. */
const WAIT_MS = 10 * 60 * 1000;

/**
 * Holds the leases of some stacks while `work` runs; its signal aborts when a lease could not be renewed in time. Leases are taken in the
 * order of their names, so two holders never wait for each other.
 * @throws {FleetError} STACK_BUSY when another process keeps one for ten minutes.
 */
export async function withLeases<T>(
  controller: Controller,
  stacks: string[],
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const held: string[] = [];
  const lost = new AbortController();
  let renewedAt = controller.now();
  const renew = async () => {
    try {
      const kept = await controller.store.renewLeases(held, controller.holder, LEASE_MS);
      if (kept.length === held.length) renewedAt = controller.now();
      else lost.abort(new FleetError("LEASE_LOST", "another process has taken over a stack of this run", {}));
      const runs = (await controller.store.openRuns()).filter(({ stack }) => held.includes(stack)).map(({ id }) => id);
      await controller.store.heartbeat(runs);
    } catch {
      // The database may be away for a moment; the lease is given up before it could have ended.
      if (controller.now() - renewedAt > LEASE_MS - 2 * RENEW_MS)
        lost.abort(new FleetError("LEASE_LOST", "the lease could not be renewed", {}));
    }
  };
  let timer: NodeJS.Timeout | undefined;
  try {
    for (const stack of [...stacks].sort()) {
      await acquire(controller, stack, signal);
      held.push(stack);
      timer ??= setInterval(() => void renew(), RENEW_MS);
    }
    return await work(AbortSignal.any([signal, lost.signal]));
  } finally {
    clearInterval(timer);
    for (const stack of held) await controller.store.releaseLease(stack, controller.holder);
  }
}

async function acquire(controller: Controller, stack: string, signal: AbortSignal): Promise<void> {
  const until = controller.now() + WAIT_MS;
  let told = false;
  while ((await controller.store.acquireLease(stack, controller.holder, LEASE_MS)) === undefined) {
    signal.throwIfAborted();
    const lease = await controller.store.lease(stack);
    if (lease !== undefined && isGone(lease.holder)) {
      await controller.store.releaseLease(stack, lease.holder);
      continue;
    }
    if (controller.now() > until)
      throw new FleetError("STACK_BUSY", `${lease?.holder ?? "another process"} is at work on ${stack}`, { stack });
    if (!told)
      controller.progress({
        kind: "note",
        text: `waiting for ${lease?.holder ?? "another process"}, which is at work on ${stack}`,
      });
    told = true;
    await controller.sleep(500, signal);
  }
}
