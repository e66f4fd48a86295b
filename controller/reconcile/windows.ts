import type { MaintenanceWindow, Weekday } from "../../resources/spec.ts";

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
/** Every window opens within a week; one that a change of the clock leaves out, within two. */
const AHEAD_DAYS = 15;
const WEEKDAYS: Weekday[] = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

/** From when on some windows are open, at `at` or later: `at` itself where one is open; undefined where none ever opens. Milliseconds since 1970. */
export function opensAt(windows: readonly MaintenanceWindow[], at: number): number | undefined {
  const openings = windows.flatMap((window) => {
    const next = stretches(window, at).find(({ to }) => to > at);
    return next === undefined ? [] : [Math.max(at, next.from)];
  });
  return openings.length === 0 ? undefined : Math.min(...openings);
}

/** The stretches of a window from the day before `at` on, in turn. */
function stretches({ days, from, to, timezone }: MaintenanceWindow, at: number): { from: number; to: number }[] {
  const today = Math.floor((at + offsetAt(timezone, at)) / DAY_MS) * DAY_MS;
  const [opens, closes] = [minutesOf(from), minutesOf(to)];
  const night = closes > opens ? 0 : DAY_MS;
  const found: { from: number; to: number }[] = [];
  for (let day = today - DAY_MS; day <= today + AHEAD_DAYS * DAY_MS; day += DAY_MS) {
    if (!days.includes(WEEKDAYS[new Date(day).getUTCDay()]!)) continue;
    const stretch = {
      from: instantOf(timezone, day + opens * MINUTE_MS),
      to: instantOf(timezone, day + night + closes * MINUTE_MS),
    };
    // Between the two the clock may have been put forward.
    if (stretch.to > stretch.from) found.push(stretch);
  }
  return found;
}

function minutesOf(time: string): number {
  const [hours, minutes] = time.split(":").map(Number);
  return hours! * 60 + minutes!;
}

/**
 * When a clock shows a time, both as milliseconds. A time that it shows twice is the first of the two; one that it leaves out is as much later
 * as the clock is put forward.
 */
function instantOf(timezone: string, shown: number): number {
  const before = shown - offsetAt(timezone, shown - DAY_MS);
  const after = shown - offsetAt(timezone, shown + DAY_MS);
  const good = [before, after].filter((instant) => instant + offsetAt(timezone, instant) === shown);
  return good.length === 0 ? before : Math.min(...good);
}

const clocks = new Map<string, Intl.DateTimeFormat>();

/** How far a clock is ahead of UTC. */
function offsetAt(timezone: string, instant: number): number {
  let clock = clocks.get(timezone);
  if (clock === undefined) {
    const numeric = "numeric" as const;
    clock = new Intl.DateTimeFormat("en-US", {
      timeZone: timezone,
      hourCycle: "h23",
      year: numeric,
      month: numeric,
      day: numeric,
      hour: numeric,
      minute: numeric,
      second: numeric,
    });
    clocks.set(timezone, clock);
  }
  const whole = Math.floor(instant / 1000) * 1000;
  const part = Object.fromEntries(clock.formatToParts(whole).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute, part.second) - whole;
}
