/** What a simulated machine is busy with at one time. */
export interface Load {
  /** Share of its processors, 0 to 1. */
  cpu: number;
  /** Bytes a second. */
  netIn: number;
  netOut: number;
  diskRead: number;
  diskWrite: number;
}

const DAY_MS = 86_400_000;

/** Busier by day than by night, with a ripple of its own for each machine; the same each time it is asked for. */
export function loadAt(machine: string | number, ms: number): Load {
  const own = phaseOf(String(machine));
  const day = (1 - Math.cos((2 * Math.PI * (ms % DAY_MS)) / DAY_MS)) / 2;
  const ripple = (1 + Math.sin(ms / 420_000 + own * 6.283)) / 2;
  const share = 0.05 + 0.55 * day * (0.5 + own / 2) + 0.15 * ripple;
  return {
    cpu: share,
    netIn: Math.round(40_000 + 900_000 * share * (1 + own)),
    netOut: Math.round(20_000 + 2_400_000 * share * (2 - own)),
    diskRead: Math.round(8_000 + 300_000 * ripple),
    diskWrite: Math.round(16_000 + 500_000 * share),
  };
}

/** Instants of measurements in a span that ends now, oldest first, as far back as the machine was there. */
export function samplesSince(since: number, now: number, stepMs: number, most: number): number[] {
  const last = Math.floor(now / stepMs) * stepMs;
  const all = Array.from({ length: most }, (_, index) => last - (most - 1 - index) * stepMs);
  return all.filter((ms) => ms + stepMs > since);
}

/** 0 to 1. */
function phaseOf(text: string): number {
  let hash = 7;
  for (const character of text) hash = (hash * 31 + character.charCodeAt(0)) % 997;
  return hash / 997;
}
