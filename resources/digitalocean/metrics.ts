import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { type MetricsReader, type MetricWindow, pointsOf, type Series, WINDOWS } from "../insight.ts";
import { dropletOf } from "./droplets.ts";
import { digitalocean, invalidAnswer } from "./http.ts";

/** One line of a matrix: `values` are `[second, "number"]`. */
interface Line {
  metric?: { mode?: unknown };
  values?: unknown;
}

const BYTES_PER_MEGABIT = 125_000;

/**
 * Of droplets that are monitored. Traffic is that of the public interface, which is told in megabits a second; of the processors their time is told, by
 * what they did, since the droplet has started.
 * @see https://docs.digitalocean.com/reference/api/digitalocean/#tag/Monitoring
 */
export const metrics: MetricsReader = {
  windows: ["day", "hour", "week"],
  async read(id, window, call) {
    // Of a droplet that is not there the figures are only none.
    if ((await dropletOf(id, call)) === undefined)
      throw new FleetError("NOT_FOUND", `there is no droplet ${id}`, { cloud: "digitalocean", server: id });
    const ask = (metric: string, query: Record<string, string> = {}) => matrix(call, metric, { id, window, query });
    const traffic = async (metric: Series["metric"], direction: string): Promise<Series> => {
      const [line] = await ask("bandwidth", { interface: "public", direction });
      return { metric, unit: "bytes-per-second", points: pointsOf(pairsOf(line), BYTES_PER_MEGABIT) };
    };
    const series: Series[] = [
      { metric: "cpu", unit: "percent", points: busy(await ask("cpu")) },
      await traffic("network-in", "inbound"),
      await traffic("network-out", "outbound"),
    ];
    return series.filter(({ points }) => points.length > 0);
  },
};

async function matrix(
  call: Call,
  metric: string,
  { id, window, query }: { id: string; window: MetricWindow; query: Record<string, string> },
): Promise<Line[]> {
  const path = `/v2/monitoring/metrics/droplet/${metric}`;
  const end = Math.floor(Date.now() / 1000);
  const span = { start: String(end - WINDOWS[window] / 1000), end: String(end) };
  const { body } = await digitalocean<{ data?: { result?: unknown } } | null>(call, {
    method: "GET",
    path,
    query: { host_id: id, ...query, ...span },
  });
  const result = body?.data?.result;
  if (!Array.isArray(result)) throw invalidAnswer(call, "GET", path, "it has no figures");
  return result as Line[];
}

/** As milliseconds and numbers. */
function pairsOf(line: Line | undefined): [number, number][] {
  if (!Array.isArray(line?.values)) return [];
  return line.values.flatMap((pair: unknown): [number, number][] => {
    const [second, value] = Array.isArray(pair) ? pair.map(Number) : [];
    return second === undefined || value === undefined ? [] : [[second * 1000, value]];
  });
}

/** The share of the processors' time that was not idle, between each two measurements. */
function busy(lines: readonly Line[]): Series["points"] {
  const at = new Map<number, { idle: number; all: number }>();
  for (const line of lines)
    for (const [ms, spent] of pairsOf(line)) {
      const known = at.get(ms) ?? { idle: 0, all: 0 };
      at.set(ms, { idle: known.idle + (line.metric?.mode === "idle" ? spent : 0), all: known.all + spent });
    }
  const times = [...at].sort(([a], [b]) => a - b);
  const shares = times.slice(1).flatMap(([ms, now], index): [number, number][] => {
    const before = times[index]![1];
    const spent = now.all - before.all;
    // A droplet that has started anew counts from 0.
    return spent > 0 && now.idle >= before.idle ? [[ms, (100 * (spent - (now.idle - before.idle))) / spent]] : [];
  });
  return pointsOf(shares);
}
