import { FleetError } from "../errors.ts";
import { type MetricsReader, pointsOf, type Series } from "../insight.ts";
import { pve } from "./http.ts";
import { parseId, vmPath } from "./vms.ts";

type Field = "cpu" | "netin" | "netout" | "diskread" | "diskwrite";
type Sample = { time?: unknown } & Partial<Record<Field, unknown>>;

/** Shares of all processors; bytes a second. */
const SHOWN: readonly (Omit<Series, "points"> & { field: Field; factor: number })[] = [
  { field: "cpu", metric: "cpu", unit: "percent", factor: 100 },
  { field: "netin", metric: "network-in", unit: "bytes-per-second", factor: 1 },
  { field: "netout", metric: "network-out", unit: "bytes-per-second", factor: 1 },
  { field: "diskread", metric: "disk-read", unit: "bytes-per-second", factor: 1 },
  { field: "diskwrite", metric: "disk-write", unit: "bytes-per-second", factor: 1 },
];

/** @see https://pve.proxmox.com/pve-docs/api-viewer/#/nodes/{node}/qemu/{vmid}/rrddata */
export const metrics: MetricsReader = {
  windows: ["day", "hour", "week", "month"],
  async read(id, window, call) {
    const path = `${vmPath(parseId(id))}/rrddata`;
    const samples = await pve<unknown>(call, { method: "GET", path, query: { timeframe: window, cf: "AVERAGE" } });
    if (!Array.isArray(samples) || !samples.every(isSample))
      throw new FleetError("CLOUD_ANSWER_INVALID", `Proxmox VE answered GET ${path} with no figures`, {
        cloud: "proxmox",
        account: call.account.spec.name,
      });
    return SHOWN.map(({ field, factor, ...about }): Series => {
      // A time at which nothing was measured has no fields but that.
      const pairs = samples.map((sample) => [Number(sample.time) * 1000, sample[field]]);
      return { ...about, points: pointsOf(pairs, factor) };
    }).filter(({ points }) => points.length > 0);
  },
};

const isSample = (value: unknown): value is Sample =>
  typeof value === "object" && value !== null && typeof (value as Sample).time === "number";
