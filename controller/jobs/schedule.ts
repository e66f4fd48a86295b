/** When a pass that is due every `intervalMs` comes next: so much earlier or later at most, so that accounts do not go on in step. */
export function jittered(intervalMs: number, jitterMs: number, random: () => number = Math.random): number {
  return Math.round(intervalMs + jitterMs * (2 * random() - 1));
}

/** A first pass comes anywhere within its interval: a restart does not list all clouds at once. */
export function firstDelay(intervalMs: number, random: () => number = Math.random): number {
  return Math.round(intervalMs * random());
}

/** How long it is until a time of day, given in minutes after midnight UTC; a whole day where it is now. */
export function untilTimeOfDay(minutes: number, nowMs: number): number {
  const dayMs = 24 * 3600 * 1000;
  return dayMs - ((((nowMs - minutes * 60_000) % dayMs) + dayMs) % dayMs);
}

/** How long to wait after so many failures in a row (from 1): doubled each time, half of it left to chance. */
export function backoffMs(
  failures: number,
  { firstMs, longestMs }: { firstMs: number; longestMs: number },
  random: () => number = Math.random,
): number {
  const full = Math.min(longestMs, firstMs * 2 ** Math.min(failures - 1, 30));
  return Math.round(full / 2 + (full / 2) * random());
}
