import { createRequire } from "node:module";
import type { DriftSettings } from "../../resources/spec.ts";
import { fieldFault } from "./file.ts";
import { timezoneFaults } from "./holds.ts";
import type { FieldFault } from "./validate.ts";

// Loaded where a file has a cron expression: that takes longer than to compile most fleets.
const require = createRequire(import.meta.url);
const parser = () => (require("cron-parser") as typeof import("cron-parser")).CronExpressionParser;

const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `10m` in milliseconds, as the schemas allow it. */
export function durationMs(text: string): number {
  return Number(text.slice(0, -1)) * UNIT_MS[text.at(-1) as keyof typeof UNIT_MS];
}

/** The time after `afterMs` at which a cron expression comes next; `seed` decides what its `H` mean. Milliseconds since 1970. */
export function nextByCron(cron: string, timezone: string, afterMs: number, seed: string): number {
  return parser()
    .parse(cron, { currentDate: new Date(afterMs), tz: timezone, hashSeed: seed })
    .next()
    .getTime();
}

/** Within the years after it, each day of the calendar comes. */
const ANY_TIME = Date.parse("2024-01-01T00:00:00Z");

/** What the schema cannot say of when drift is looked for. */
export function driftFaults(settings: DriftSettings | undefined, path: FieldFault["path"]): FieldFault[] {
  if (settings === undefined) return [];
  const { every, cron, timezone, jitter } = settings;
  return [
    ...(every !== undefined && cron !== undefined
      ? [fieldFault([...path, "cron"], "and `every` exclude each other: leave one of them out")]
      : []),
    ...(cron === undefined ? [] : cronFaults(cron, [...path, "cron"])),
    ...(timezone === undefined ? [] : timezoneFaults(timezone, [...path, "timezone"])),
    ...(jitter !== undefined && every !== undefined && durationMs(jitter) >= durationMs(every)
      ? [fieldFault([...path, "jitter"], "must be shorter than `every`")]
      : []),
  ];
}

function cronFaults(cron: string, path: FieldFault["path"]): FieldFault[] {
  // The library takes seconds as well, and fills in fields that are missing.
  if (cron.trim().split(/\s+/).length !== 5)
    return [fieldFault(path, "must have five fields: minute, hour, day, month, day of the week")];
  try {
    nextByCron(cron, "UTC", ANY_TIME, "");
    return [];
  } catch (error) {
    return [fieldFault(path, `is no time of cron: ${(error as Error).message}`)];
  }
}
