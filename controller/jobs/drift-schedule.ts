import type { AccountSpec, FleetSpec } from "../../resources/spec.ts";
import { durationMs, nextByCron } from "../fleet/drift.ts";
import { firstDelay, jittered } from "./schedule.ts";

/** When passes over one account come. `seed` decides what the `H` of its cron expression mean. */
export type DriftSchedule =
  | { kind: "interval"; everyMs: number; jitterMs: number }
  | { kind: "cron"; cron: string; timezone: string; jitterMs: number; seed: string };

/** A tenth of an interval, unless a file says otherwise. */
const JITTER_SHARE = 0.1;

/** As the account's file says, else the fleet's, else every `fallbackMs`; undefined where that is 0. */
export function scheduleOf(
  { name, drift: own = {} }: Pick<AccountSpec, "name" | "drift">,
  { policies: { drift: wide = {} } }: Pick<FleetSpec, "policies">,
  fallbackMs: number,
): DriftSchedule | undefined {
  const { every, cron } = own.every !== undefined || own.cron !== undefined ? own : wide;
  const timezone = own.timezone ?? wide.timezone ?? "UTC";
  const jitter = own.jitter ?? wide.jitter;
  const jitterMs = jitter === undefined ? undefined : durationMs(jitter);
  if (cron !== undefined) return { kind: "cron", cron, timezone, jitterMs: jitterMs ?? 0, seed: name };
  const everyMs = every === undefined ? fallbackMs : durationMs(every);
  if (everyMs === 0) return undefined;
  // An account's interval may be shorter than the fleet's jitter.
  return { kind: "interval", everyMs, jitterMs: Math.min(jitterMs ?? everyMs * JITTER_SHARE, everyMs / 2) };
}

/** From now to the pass after one that has just been. Milliseconds. */
export function nextPassIn(schedule: DriftSchedule, now: number, random: () => number = Math.random): number {
  if (schedule.kind === "interval") return jittered(schedule.everyMs, schedule.jitterMs, random);
  const { cron, timezone, seed, jitterMs } = schedule;
  return nextByCron(cron, timezone, now, seed) - now + Math.round(jitterMs * random());
}

/** From now to the first pass. */
export function firstPassIn(schedule: DriftSchedule, now: number, random: () => number = Math.random): number {
  return schedule.kind === "interval" ? firstDelay(schedule.everyMs, random) : nextPassIn(schedule, now, random);
}

/** From now to the latest time that a pass by this schedule can be due at: what is due later was planned by another one. */
export function latestPassIn(schedule: DriftSchedule, now: number): number {
  return schedule.kind === "interval"
    ? schedule.everyMs + schedule.jitterMs
    : nextPassIn({ ...schedule, jitterMs: 0 }, now) + schedule.jitterMs;
}
