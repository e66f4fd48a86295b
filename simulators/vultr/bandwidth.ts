import { loadAt } from "../load.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const MOST_DAYS = 30;

/** Bytes of each day of the last month on which the machine was there; of today, those so far. */
export function bandwidthOf({ id, createdMs }: { id: string; createdMs: number }, now: number) {
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  const first = Math.max(Math.floor(createdMs / DAY_MS) * DAY_MS, today - (MOST_DAYS - 1) * DAY_MS);
  const days: Record<string, { incoming_bytes: number; outgoing_bytes: number }> = {};
  for (let day = first; day <= today; day += DAY_MS) {
    const seconds = (Math.min(day + DAY_MS, now) - Math.max(day, createdMs)) / 1000;
    const { netIn, netOut } = loadAt(id, day + 15 * HOUR_MS);
    days[new Date(day).toISOString().slice(0, 10)] = {
      incoming_bytes: Math.max(0, Math.round(netIn * seconds)),
      outgoing_bytes: Math.max(0, Math.round(netOut * seconds)),
    };
  }
  return days;
}
