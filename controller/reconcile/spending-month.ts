import type { DayCost } from "../store/types.ts";
import { costHistory, dayAt, daysBefore, daysBetween, STANDS_DAYS } from "./cost-history.ts";

const DAY_MS = 24 * 60 * 60 * 1000;

/** What an account has cost in a month of the calendar, in UTC, up to now. */
export interface MonthCost {
  /** `2026-11`. */
  month: string;
  /** Share of the month that is still to come, from 0 to 1. */
  remaining: number;
  /** The first of its days of which anything is known: before, nothing is counted. Absent when none is. */
  from?: string;
  /** Whole micro-units; absent where nothing is known of it. */
  spentMicro?: number;
}

/** From which day on readings count for the month that it is now. */
export const readingsSince = (now: number): string => daysBefore(dayAt(firstOf(now)), STANDS_DAYS);

/**
 * What the month has cost so far, in one currency: a day costs what the account's machines cost a month as its last reading has them, divided by the
 * days of the month; today costs as much of that as has passed of it. A day without a reading is as the one before. Pure.
 * @param rows of one account, from `readingsSince` on, the oldest first
 */
export function monthCost(rows: readonly DayCost[], currency: string, now: number): MonthCost {
  const [begin, end] = [firstOf(now), nextOf(now)];
  const days = daysBetween(dayAt(begin), dayAt(now));
  const known = { month: dayAt(begin).slice(0, "2026-11".length), remaining: (end - now) / (end - begin) };
  const from = days.find((day) => rows.some((row) => row.day <= day && row.day >= daysBefore(day, STANDS_DAYS)));
  if (from === undefined) return known;
  const own = costHistory(
    rows,
    days,
    () => undefined,
    () => true,
  ).find((history) => history.currency === currency);
  const daysOfMonth = (end - begin) / DAY_MS;
  const spent = (own?.total ?? []).reduce((sum, { day, monthlyMicro }) => {
    const passed = Math.min(1, (now - Date.parse(day)) / DAY_MS);
    return sum + (monthlyMicro / daysOfMonth) * passed;
  }, 0);
  return { ...known, from, spentMicro: Math.round(spent) };
}

/** What it comes to by its end when the machines go on costing so much a month; undefined where nothing is known of what it has cost. Pure. */
export const projectedMicro = ({ spentMicro, remaining }: MonthCost, monthlyMicro: number): number | undefined =>
  spentMicro === undefined ? undefined : Math.round(spentMicro + monthlyMicro * remaining);

function firstOf(ms: number): number {
  const at = new Date(ms);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), 1);
}

function nextOf(ms: number): number {
  const at = new Date(ms);
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1);
}
