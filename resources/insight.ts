import type { Call } from "./cloud.ts";

/** Spans of time that figures can be asked for, in milliseconds. */
export const WINDOWS = { hour: 3_600_000, day: 86_400_000, week: 604_800_000, month: 2_592_000_000 } as const;
export type MetricWindow = keyof typeof WINDOWS;

export const METRICS = ["cpu", "network-in", "network-out", "disk", "disk-read", "disk-write"] as const;
/** `percent`: as the cloud counts, which may pass 100 where a machine has several processors. */
export const METRIC_UNITS = ["percent", "bytes-per-second", "blocks-per-second", "bytes-per-day"] as const;

/** One figure of a machine over time. */
export interface Series {
  metric: (typeof METRICS)[number];
  unit: (typeof METRIC_UNITS)[number];
  /** In their order; `at` is an ISO instant. What the cloud did not measure is left out. */
  points: { at: string; value: number }[];
}

/** What a cloud has measured of a machine from outside. */
export interface MetricsReader {
  /** Those that it can be asked for, the usual one first. */
  readonly windows: readonly MetricWindow[];
  /** Empty while nothing is measured yet. @throws {FleetError} NOT_FOUND where the machine is gone */
  read(id: string, window: MetricWindow, call: Call): Promise<Series[]>;
}

/**
 * The way to a machine's screen: an address that lets in whoever has it, or the text that the machine has written there. Both are secrets: never logged,
 * never stored.
 */
export type ServerConsole =
  | { url: string }
  /** `at`: ISO instant of the text, where the cloud tells it. */
  | { text: string; at?: string };

export interface ConsoleReader {
  /** May open a session at the cloud each time. @throws {FleetError} CLOUD_REFUSED in a state that has none; NOT_FOUND */
  open(id: string, call: Call): Promise<ServerConsole>;
}

const isNumber = (value: unknown): value is number => typeof value === "number" && Number.isFinite(value);

/** `[[ms, value], …]` as points; pairs that are none are left out. */
export function pointsOf(pairs: unknown, factor = 1): Series["points"] {
  if (!Array.isArray(pairs)) return [];
  return pairs.flatMap((pair: unknown) => {
    const [ms, value] = Array.isArray(pair) ? pair : [];
    return isInstant(ms) && isNumber(value) ? [{ at: new Date(ms).toISOString(), value: value * factor }] : [];
  });
}

const LATEST_MS = 8.64e15;
const isInstant = (ms: unknown): ms is number => isNumber(ms) && Math.abs(ms) <= LATEST_MS;

/** Whoever follows it is led nowhere else than to a page. */
export const isWebAddress = (url: unknown): url is string =>
  typeof url === "string" && URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
