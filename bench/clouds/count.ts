import type { RateLimit } from "../../resources/cloud.ts";
import type { CallCount } from "../../simulators/simulator.ts";

const HOUR_MS = 3_600_000;

/** Requests of any outcome, also those that were refused or dropped. */
export function callsIn(counts: readonly CallCount[]): number {
  return sum(counts.map(({ count }) => count));
}

/** Answers with this status. */
export function answersWith(status: number, counts: readonly CallCount[]): number {
  return callsIn(counts.filter((each) => each.status === status));
}

/** Pages of lists with so many items; a list without pages is one, and a list of nothing none. */
export function pagesOf(items: readonly number[], pageSize: number): number {
  return sum(items.map((count) => Math.ceil(count / pageSize)));
}

/** The share of what the tightest of these limits allows in an hour; 0 where there is no limit. */
export function hourlyShare(calls: number, limits: Iterable<Pick<RateLimit, "limit" | "windowMs">>): number {
  return Math.max(0, ...[...limits].map(({ limit, windowMs }) => calls / (limit * (HOUR_MS / windowMs))));
}

/** The least time for so many requests at a limit of any window: the first are sent at once, each further lot one window later. */
export function floorMs(requests: number, { limit, windowMs }: Pick<RateLimit, "limit" | "windowMs">): number {
  return Math.max(0, Math.ceil(requests / limit) - 1) * windowMs;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
