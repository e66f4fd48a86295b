import type { DayCost } from "../store/types.ts";

/** How long a reading stands for the days after it on which an account could not be read. */
export const STANDS_DAYS = 31;

const DAY_MS = 24 * 60 * 60 * 1000;

/** What one account, owner or class has cost on one day. */
export interface DayPoint {
  /** `2026-11-26`, in UTC. */
  day: string;
  servers: number;
  /** Whole micro-units. */
  monthlyMicro: number;
}

/** A history in one currency. */
export interface CostHistory {
  currency: string;
  /** One point a day, from the first day that anything is known of to the last one asked for. */
  total: DayPoint[];
  /** The same days; those that cost most on the last day first. Without a key: of no owner. */
  groups: { key?: string; points: DayPoint[] }[];
}

/** The days from one to another, both included. */
export function daysBetween(from: string, to: string): string[] {
  const [first, last] = [Date.parse(from), Date.parse(to)];
  return Array.from({ length: Math.max(0, Math.round((last - first) / DAY_MS) + 1) }, (_, index) =>
    dayAt(first + index * DAY_MS),
  );
}

export const dayAt = (ms: number): string => new Date(ms).toISOString().slice(0, "2026-11-26".length);

export const daysBefore = (day: string, days: number): string => dayAt(Date.parse(day) - days * DAY_MS);

/**
 * What accounts have cost day by day, each currency by itself. On a day without a reading an account has what the one before it had, for a month;
 * one that is not in the fleet any more ends with its last. Pure.
 * @param rows sorted by day, from `STANDS_DAYS` before the first day on
 */
export function costHistory(
  rows: readonly DayCost[],
  days: readonly string[],
  keyOf: (row: DayCost) => string | undefined,
  isKept: (account: string) => boolean,
): CostHistory[] {
  const standing = standingRows(rows, days, isKept);
  const currencies = [...new Set(rows.flatMap(({ currency }) => currency ?? []))].sort();
  return currencies.flatMap((currency): CostHistory[] => {
    const own = standing.map((all) => all?.filter((row) => row.currency === currency));
    const first = own.findIndex((all) => all !== undefined && all.length > 0);
    if (first === -1) return [];
    const shown = days.slice(first);
    const points = (of: (row: DayCost) => boolean): DayPoint[] =>
      shown.map((day, index) => summed(day, (own[first + index] ?? []).filter(of)));
    const keys = [...new Set(own.flatMap((all) => all?.map(keyOf) ?? []))];
    const groups = keys
      .map((key) => ({ ...(key !== undefined && { key }), points: points((row) => keyOf(row) === key) }))
      .sort((a, b) => lastOf(b) - lastOf(a) || ((a.key ?? "") < (b.key ?? "") ? -1 : 1));
    return [{ currency, total: points(() => true), groups }];
  });
}

/** The rows that hold on each day; undefined before the first. */
function standingRows(
  rows: readonly DayCost[],
  days: readonly string[],
  isKept: (account: string) => boolean,
): (DayCost[] | undefined)[] {
  const accounts = [...Map.groupBy(rows, ({ account }) => account)].map(([account, own]) => ({
    isKept: isKept(account),
    byDay: [...Map.groupBy(own, ({ day }) => day)],
    next: 0,
  }));
  return days.map((day) => {
    const standing: DayCost[] = [];
    for (const account of accounts) {
      while (account.byDay[account.next] !== undefined && account.byDay[account.next]![0] <= day) account.next++;
      const [readOn, found = []] = account.byDay[account.next - 1] ?? [];
      if (readOn === undefined || readOn < daysBefore(day, STANDS_DAYS)) continue;
      const isOver = account.next === account.byDay.length && !account.isKept;
      if (readOn === day || !isOver) standing.push(...found);
    }
    return standing.length === 0 ? undefined : standing;
  });
}

const summed = (day: string, rows: readonly DayCost[]): DayPoint => ({
  day,
  servers: rows.reduce((sum, { servers }) => sum + servers, 0),
  monthlyMicro: rows.reduce((sum, { monthlyMicro }) => sum + monthlyMicro, 0),
});

const lastOf = ({ points }: { points: readonly DayPoint[] }): number => points.at(-1)?.monthlyMicro ?? 0;
