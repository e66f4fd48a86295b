import { setTimeout as delay } from "node:timers/promises";

/** Multiplies every wait of the stand-ins' own: tests need not take the half minute a real plugin takes. The real ones have nothing like it. */
export const WAIT_SCALE = "FLEETWRIGHT_STANDIN_WAIT_SCALE";

export interface Waits {
  scale: number;
  /** A wait of the plugin's own, scaled. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
  /** A wait that the cloud asked for: never scaled. */
  pause(ms: number, signal: AbortSignal): Promise<void>;
}

/** @throws {RangeError} when the scale is no number of 0 or more. */
export function waitsOf(env: Readonly<Record<string, string | undefined>>): Waits {
  const scale = Number(env[WAIT_SCALE] ?? 1);
  if (!(scale >= 0)) throw new RangeError(`${WAIT_SCALE} must be a number of 0 or more, is "${env[WAIT_SCALE]}"`);
  const pause = async (ms: number, signal: AbortSignal) => void (await delay(ms, undefined, { signal }));
  return { scale, pause, wait: (ms, signal) => pause(ms * scale, signal) };
}
