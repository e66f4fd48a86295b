import { hostname } from "node:os";
import { FleetError } from "../../resources/errors.ts";
import { isAlive, processStartTime } from "../processes.ts";
import type { Controller } from "./context.ts";

/** A holder that has not renewed for this long has lost its stacks. */
export const LEASE_MS = 60_000;
const RENEW_MS = 5_000;
/** A holder that could not renew for this long gives up, which leaves it time to end its engine before the lease ends. */
const GIVE_UP_MS = LEASE_MS / 2;
/** How long one waits for another process that is at work on the same stack. */
const WAIT_MS = 10 * 60 * 1000;
const HOLDER = /^(.+) process (\d+) started (.+?)(?: work \d+)?$/;

/** Names a process in leases, so that others can tell whether it is still there. */
export function holderName(pid: number): string {
  return `${hostname()} process ${pid} started ${processStartTime(pid) ?? "unknown"}`;
}

/** A process of this machine that is gone holds nothing any more; of other machines only the lease's end tells. */
function isGone(holder: string): boolean {
  const [, host, pid, startTime] = HOLDER.exec(holder) ?? [];
  return host === hostname() && !isAlive(Number(pid), startTime!);
}

/**
 * Holds the leases of some stacks while `work` runs; its signal aborts when a lease could not be renewed in time. Leases are taken in the
 * order of their names, so two holders never wait for each other. Two pieces of work of one process keep off each other too.
 * @throws {FleetError} STACK_BUSY when another process keeps one for ten minutes.
 */
export async function withLeases<T>(
  controller: Controller,
  stacks: string[],
  signal: AbortSignal,
  work: (signal: AbortSignal, release: (stack: string) => Promise<void>) => Promise<T>,
): Promise<T> {
  const leases = new Leases(controller);
  try {
    for (const stack of [...new Set(stacks)].sort()) await leases.take(stack, signal);
    return await work(AbortSignal.any([signal, leases.lost]), (stack) => leases.release(stack));
  } finally {
    await leases.releaseAll();
  }
}

/** Like `withLeases`, but does nothing and answers undefined when somebody alive holds one of the stacks. */
export async function whenFree<T>(
  controller: Controller,
  stacks: string | readonly string[],
  signal: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T | undefined> {
  const leases = new Leases(controller);
  try {
    for (const stack of [...new Set([stacks].flat())].sort()) if (!(await leases.try(stack))) return undefined;
    return await work(AbortSignal.any([signal, leases.lost]));
  } finally {
    await leases.releaseAll();
  }
}

let works = 0;

class Leases {
  readonly #controller: Controller;
  readonly #holder: string;
  readonly #held = new Set<string>();
  readonly #lost = new AbortController();
  #renewedAt = 0;
  #renewing = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(controller: Controller) {
    this.#controller = controller;
    this.#holder = `${controller.holder} work ${++works}`;
  }

  get lost(): AbortSignal {
    return this.#lost.signal;
  }

  /** False when somebody alive holds it. A dead process of this machine is waited for no longer. */
  async try(stack: string): Promise<boolean> {
    const { store, now } = this.#controller;
    const askedAt = now();
    let lease = await store.acquireLease(stack, this.#holder, LEASE_MS);
    if (lease === undefined) {
      const other = await store.lease(stack);
      if (other !== undefined && !isGone(other.holder)) return false;
      if (other !== undefined) await store.releaseLease(stack, other.holder);
      lease = await store.acquireLease(stack, this.#holder, LEASE_MS);
      if (lease === undefined) return false;
    }
    if (this.#held.size === 0) this.#renewedAt = askedAt;
    this.#held.add(stack);
    this.#timer ??= setInterval(() => void this.#renew(), RENEW_MS);
    return true;
  }

  async take(stack: string, signal: AbortSignal): Promise<void> {
    const { store, progress, sleep, now } = this.#controller;
    const until = now() + WAIT_MS;
    for (let told = false; !(await this.try(stack)); told = true) {
      signal.throwIfAborted();
      const holder = (await store.lease(stack))?.holder ?? "another process";
      if (now() > until) throw new FleetError("STACK_BUSY", `${holder} is at work on ${stack}`, { stack });
      if (!told) progress({ kind: "note", text: `waiting for ${holder}, which is at work on ${stack}` });
      await sleep(500, signal);
    }
  }

  /** A lease that cannot be given back ends by itself; what was done under it counts all the same. */
  async release(stack: string): Promise<void> {
    if (this.#held.delete(stack)) await this.#controller.store.releaseLease(stack, this.#holder).catch(() => undefined);
  }

  async releaseAll(): Promise<void> {
    clearInterval(this.#timer);
    for (const stack of this.#held) await this.release(stack);
  }

  async #renew(): Promise<void> {
    const { store, now } = this.#controller;
    // Asked first, because a database that hangs answers neither yes nor no.
    if (now() - this.#renewedAt > GIVE_UP_MS) this.#lose("the lease could not be renewed");
    if (this.#renewing) return;
    this.#renewing = true;
    const stacks = [...this.#held];
    const askedAt = now();
    try {
      const kept = await store.renewLeases(stacks, this.#holder, LEASE_MS);
      // One that was given back meanwhile is nobody's loss.
      if (stacks.some((stack) => this.#held.has(stack) && !kept.includes(stack)))
        this.#lose("another process has taken over a stack of this run");
      else this.#renewedAt = askedAt;
      const runs = (await store.openRuns()).filter(({ stack }) => stacks.includes(stack)).map(({ id }) => id);
      await store.heartbeat(runs);
    } catch {
      // The database may be away for a moment.
    } finally {
      this.#renewing = false;
    }
  }

  #lose(why: string): void {
    this.#lost.abort(new FleetError("LEASE_LOST", why, {}));
  }
}
