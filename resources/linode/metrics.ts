import { FleetError } from "../errors.ts";
import { type MetricsReader, pointsOf, type Series } from "../insight.ts";
import { invalidAnswer, linode, reasonsOf } from "./http.ts";

interface Stats {
  cpu?: unknown;
  io?: { io?: unknown };
  netv4?: { in?: unknown; out?: unknown };
}

/** What Linode says of a machine that it has not measured for long enough. */
const NOT_YET = /stats are unavailable/i;
const BITS = 8;

/** Of the past 24 hours, one figure for each five minutes. @see https://techdocs.akamai.com/linode-api/reference/get-linode-stats */
export const metrics: MetricsReader = {
  windows: ["day"],
  async read(id, _window, call) {
    const path = `/v4/linode/instances/${encodeURIComponent(id)}/stats`;
    const { status, body } = await linode<Stats | null>(call, { method: "GET", path, ok: [400, 404] });
    const said = status >= 400 ? (reasonsOf(body) ?? "") : "";
    if (status === 404) throw new FleetError("NOT_FOUND", `there is no Linode ${id}`, { cloud: "linode", server: id });
    if (status === 400 && !NOT_YET.test(said))
      throw new FleetError("CLOUD_REFUSED", `Linode tells no figures of ${id}: ${said}`, {
        cloud: "linode",
        server: id,
      });
    if (status === 400) return [];
    if (typeof body !== "object" || body === null) throw invalidAnswer(call, "GET", path, "it has no figures");
    const { cpu, io, netv4 } = body;
    const series: Series[] = [
      { metric: "cpu", unit: "percent", points: pointsOf(cpu) },
      { metric: "network-in", unit: "bytes-per-second", points: pointsOf(netv4?.in, 1 / BITS) },
      { metric: "network-out", unit: "bytes-per-second", points: pointsOf(netv4?.out, 1 / BITS) },
      { metric: "disk", unit: "blocks-per-second", points: pointsOf(io?.io) },
    ];
    return series.filter(({ points }) => points.length > 0);
  },
};
