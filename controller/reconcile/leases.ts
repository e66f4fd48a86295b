import { hostname } from "node:os";
import { FleetError } from "../../resources/errors.ts";
import { isAlive, processStartTime } from "../processes.ts";
import type { Store } from "../store/types.ts";
import { guardRun, unguardRun } from "../watchdog/guard.ts";
import type { Controller } from "./context.ts";

/** A holder that has not renewed for this long has lost its stacks to whoever asks for them. */
export const LEASE_MS = 60_000;
/**
 * What happens when, in shares of that time since the last renewal was asked for. The holder's own lease is the first half: after it nothing is
 * sent any more. The other half is grace, in which its engine and plugins end, by its own doing or by that of their watchdog.
 */
const RENEW = 1 / 12;
const GIVE_UP = 1 / 2;
const ENGINE_ENDS = 0.55;
const WATCHDOG_ENDS = 0.65;
/** How long one waits for another process that is at work on the same stack. */
const WAIT_MS = 10 * 60 * 1000;
const HOLDER = /^(.+) process (\d+) started (.+?)(?: work \d+)?$/;

/** Names a process in leases, so that others can tell whether it is still there. */
export function holderName(pid: number, machine = hostname()): string {
  return `${machine} process ${pid} started ${processStartTime(pid) ?? "unknown"}`;
}

/** A process of this machine that is gone holds nothing any more; of other machines only the lease's end tells. */
function isGone(holder: string, machine: string): boolean {
  const [, host, pid, startTime] = HOLDER.exec(holder) ?? [];
  return host === machine && !isAlive(Number(pid), startTime!);
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

/** Whether a stack's lease is still the caller's, told without asking anybody: it must be so at the very moment that something is sent. */
export interface Fence {
  /** @throws {FleetError} LEASE_LOST, and ends the engines of the lease, when it is not known to be. */
  check(): void;
  /** Lets the watchdog end this run's processes when the lease is not renewed, whatever becomes of this process. Answers what ends the guard. */
  guard(runId: string): () => void;
}

/** The fence of a stack; where this controller does not hold its lease, as previews do not, one that is always open. */
export function fenceOf({ store }: Pick<Controller, "store">, stack: string): Fence {
  return holding.get(store)?.get(stack) ?? { check: () => undefined, guard: () => () => undefined };
}

const holding = new WeakMap<Store, Map<string, Leases>>();
let works = 0;

class Leases implements Fence {
  readonly #controller: Controller;
  readonly #holder: string;
  readonly #held = new Set<string>();
  readonly #guarded = new Set<string>();
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
    const { store, steady, machine, leaseMs } = this.#controller;
    const askedAt = steady();
    let lease = await store.acquireLease(stack, this.#holder, leaseMs);
    if (lease === undefined) {
      const other = await store.lease(stack);
      if (other !== undefined && !isGone(other.holder, machine)) return false;
      if (other !== undefined) await store.releaseLease(stack, other.holder);
      lease = await store.acquireLease(stack, this.#holder, leaseMs);
      if (lease === undefined) return false;
    }
    if (this.#held.size === 0) this.#renewedAt = askedAt;
    this.#held.add(stack);
    const mine = holding.get(store) ?? new Map<string, Leases>();
    holding.set(store, mine.set(stack, this));
    this.#timer ??= setInterval(() => void this.#renew(), leaseMs * RENEW);
    return true;
  }

  async take(stack: string, signal: AbortSignal): Promise<void> {
    const { store, progress, sleep, steady } = this.#controller;
    const until = steady() + WAIT_MS;
    for (let told = false; !(await this.try(stack)); told = true) {
      signal.throwIfAborted();
      const holder = (await store.lease(stack))?.holder ?? "another process";
      if (steady() > until) throw new FleetError("STACK_BUSY", `${holder} is at work on ${stack}`, { stack });
      if (!told) progress({ kind: "note", text: `waiting for ${holder}, which is at work on ${stack}` });
      await sleep(500, signal);
    }
  }

  /** A lease that cannot be given back ends by itself; what was done under it counts all the same. */
  async release(stack: string): Promise<void> {
    if (!this.#held.delete(stack)) return;
    const { store } = this.#controller;
    holding.get(store)?.delete(stack);
    await store.releaseLease(stack, this.#holder).catch(() => undefined);
  }

  async releaseAll(): Promise<void> {
    clearInterval(this.#timer);
    for (const stack of this.#held) await this.release(stack);
  }

  async #renew(): Promise<void> {
    const { store, steady, leaseMs } = this.#controller;
    // Asked first, because a database that hangs answers neither yes nor no.
    this.#expire();
    if (this.#renewing || this.lost.aborted) return;
    this.#renewing = true;
    const stacks = [...this.#held];
    const askedAt = steady();
    try {
      const kept = await store.renewLeases(stacks, this.#holder, leaseMs);
      // One that was given back meanwhile is nobody's loss.
      if (stacks.some((stack) => this.#held.has(stack) && !kept.includes(stack)))
        this.#lose("another process has taken over a stack of this run");
      else this.#renewed(askedAt);
      const runs = (await store.openRuns()).filter(({ stack }) => stacks.includes(stack)).map(({ id }) => id);
      await store.heartbeat(runs);
    } catch {
      // The database may be away for a moment.
    } finally {
      this.#renewing = false;
    }
  }

  check(): void {
    this.#expire();
    this.lost.throwIfAborted();
  }

  guard(runId: string): () => void {
    if (!this.#controller.shared) return () => undefined;
    this.#guarded.add(runId);
    guardRun(runId, this.#watchdogAt);
    return () => {
      this.#guarded.delete(runId);
      unguardRun(runId);
    };
  }

  get #watchdogAt(): number {
    return this.#renewedAt + this.#controller.leaseMs * WATCHDOG_ENDS;
  }

  #renewed(askedAt: number): void {
    this.#renewedAt = askedAt;
    for (const runId of this.#guarded) guardRun(runId, this.#watchdogAt);
  }

  #expire(): void {
    const { steady, leaseMs } = this.#controller;
    if (steady() - this.#renewedAt > leaseMs * GIVE_UP) this.#lose("the lease could not be renewed");
  }

  /** The engine may save its state until `ENGINE_ENDS`; a process that was stopped for longer ends it on the spot. */
  #lose(why: string): void {
    if (this.lost.aborted) return;
    const { steady, leaseMs } = this.#controller;
    const lastWordsMs = Math.max(0, Math.round(this.#renewedAt + leaseMs * ENGINE_ENDS - steady()));
    this.#lost.abort(new FleetError("LEASE_LOST", why, { lastWordsMs }));
  }
}
