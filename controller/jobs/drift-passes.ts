import type { Controller } from "../reconcile/context.ts";
import type { Desired } from "../reconcile/desired.ts";
import type { MatchedAccount } from "../reconcile/match.ts";
import { revertByPolicy } from "../reconcile/revert-drift.ts";
import { passOver, tellPass, tellReverted } from "./drift-pass.ts";
import { type DriftSchedule, firstPassIn, latestPassIn, nextPassIn, scheduleOf } from "./drift-schedule.ts";
import type { ServiceLog } from "./log.ts";
import type { Metrics } from "./metrics.ts";
import type { JobQueue, LaneWork } from "./queue.ts";

/** After what a run has done, the next pass comes at once, unless the last one was only so long ago. */
const APART_MS = 60_000;
/** A pass that is due within so long need not be brought forward. */
const SOON_MS = 5_000;

/** Why a pass comes before its time. */
const MACHINE = "machine";

interface Parts {
  queue: JobQueue;
  log: ServiceLog;
  metrics: Metrics;
  /** Between two passes over an account where no file says; 0 for none. */
  fallbackMs: number;
  /** After which a process that does not know the newest commit looks again. */
  pollMs: number;
  /** The newest commit; undefined while this process does not know it. */
  desired(signal: AbortSignal): Promise<Desired | undefined>;
  /** Told the identity of an account that could be read. */
  answered(identity: string): Promise<void>;
}

/** Passes over the accounts, as their files say and after each run that changed something. One pass gives drift and the inventory. */
export class DriftPasses {
  readonly #controller: Controller;
  readonly #parts: Parts;

  constructor(controller: Controller, parts: Parts) {
    this.#controller = controller;
    this.#parts = parts;
  }

  /** Sees that a pass over each account is due when the files of a commit say so. */
  async plan(desired: Desired): Promise<void> {
    const { queue } = this.#parts;
    const { now } = this.#controller;
    for (const [identity, account] of desired.byIdentity) {
      const schedule = this.#scheduleOf(account, desired);
      const due = await queue.due("drift", identity);
      if (
        due !== undefined &&
        schedule !== undefined &&
        due.getTime() <= now() + latestPassIn(schedule, now()) + SOON_MS
      )
        continue;
      if (due !== undefined) await queue.withdraw("drift", identity);
      if (schedule !== undefined) await queue.send("drift", identity, "schedule", firstPassIn(schedule, now()));
    }
  }

  /** Brings passes forward over accounts in which a run, of whichever process, has ended since the last one. */
  async followRuns(desired: Desired): Promise<void> {
    const { queue } = this.#parts;
    const { store, now } = this.#controller;
    const ended = latestByAccount(await store.lastRuns());
    if (ended.size === 0) return;
    const passes = await store.passes();
    for (const [identity, account] of desired.byIdentity) {
      const [run, pass] = [ended.get(identity), Date.parse(passes.get(identity) ?? "")];
      if (run === undefined || run <= pass || this.#scheduleOf(account, desired) === undefined) continue;
      const wanted = Number.isNaN(pass) ? now() : Math.max(now(), pass + APART_MS);
      const due = await queue.due("drift", identity);
      if (due !== undefined && due.getTime() <= wanted + SOON_MS) continue;
      await queue.withdraw("drift", identity);
      await queue.send("drift", identity, "run", wanted - now());
    }
  }

  /** A machine that a port of the account waits for has come: a pass plugs it in, also where no file says when passes are due. */
  async plugIn(identity: string): Promise<void> {
    const { queue } = this.#parts;
    await queue.withdraw("drift", identity);
    await queue.send("drift", identity, MACHINE);
  }

  readonly work: LaneWork = async ({ lane: identity, why }, _attempt, signal) => {
    const { queue, log, metrics, pollMs } = this.#parts;
    const { now } = this.#controller;
    const desired = await this.#parts.desired(signal);
    if (desired === undefined) return await queue.send("drift", identity, "schedule", pollMs);
    const account = desired.byIdentity.get(identity);
    const schedule = account && this.#scheduleOf(account, desired);
    if (account === undefined || account.spec.retired || (schedule === undefined && why !== MACHINE)) return;
    await log.during({ account: account.spec.name }, async () => {
      const found = await passOver(this.#controller, desired, account, signal);
      // The next pass is due whatever this one came to: a cloud that does not answer is no reason for a dead letter.
      if (schedule !== undefined) await queue.send("drift", identity, "schedule", nextPassIn(schedule, now()));
      tellPass(found, log.logger, metrics, now());
      if (found.error !== undefined) return;
      if (found.drifted.length + found.awaited.length > 0)
        tellReverted(await revertByPolicy(this.#controller, desired, account, found, signal), log.logger);
      await this.#parts.answered(identity);
    });
  };

  #scheduleOf({ spec }: MatchedAccount, { fleet }: Desired): DriftSchedule | undefined {
    return spec.retired ? undefined : scheduleOf(spec, fleet, this.#parts.fallbackMs);
  }
}

/** Milliseconds since 1970, by the account's identity. */
function latestByAccount(runs: ReadonlyMap<string, string>): Map<string, number> {
  const latest = new Map<string, number>();
  for (const [stack, at] of runs) {
    const account = stack.slice(0, stack.lastIndexOf("."));
    latest.set(account, Math.max(Date.parse(at), latest.get(account) ?? 0));
  }
  return latest;
}
