import autocannon from "autocannon";
import { serverName } from "../fleet.ts";
import type { Served } from "./server.ts";

/** What is read: the empty route that the others are compared with, one object, the list in several orders, the page. */
export const READS = ["empty", "object", "list", "page"] as const;
export type Read = (typeof READS)[number];

/** Of one kind of reads: milliseconds of each, in ascending order, and how many went wrong. */
export interface Reading {
  ms: number[];
  failed: number;
}

/** As many different servers as fit in what a reader remembers. */
const OBJECTS = 500;

function pathsOf(read: Read, servers: number): string[] {
  if (read === "empty") return ["/empty"];
  if (read === "page")
    return ["/ui/fleet", "/ui/fleet?page=3", "/ui/fleet?text=group+web", "/ui/fleet?sort=cost&sync=in+sync"];
  const list = "/fleet/v1/servers";
  if (read === "list")
    return [list, `${list}?sort=-owner`, `${list}?q=server-001`, `${list}?sync=synced&label=env:production`];
  const step = Math.max(1, Math.floor(servers / OBJECTS));
  return Array.from({ length: Math.ceil(servers / step) }, (_, index) => `${list}/${serverName(index * step)}`);
}

/** Asks for one kind again and again, by so many connections, each of which waits for its answer. */
export async function read(
  { url, reader, session }: Served,
  kind: Read,
  { servers, connections, seconds }: { servers: number; connections: number; seconds: number },
): Promise<Reading> {
  const headers: Record<string, string> =
    kind === "page" ? { cookie: `fleetwright-session=${session}` } : { "x-api-key": reader };
  const ms: number[] = [];
  let failed = 0;
  const { errors, timeouts } = await autocannon({
    url,
    connections,
    duration: seconds,
    headers,
    requests: pathsOf(kind, servers).map((path) => ({ method: "GET", path })),
    // Its own histogram counts in whole milliseconds.
    setupClient: (client) =>
      client.on("response", (status, _bytes, duration) => {
        ms.push(duration);
        if (status !== 200) failed += 1;
      }),
  });
  return { ms: ms.sort((a, b) => a - b), failed: failed + errors + timeouts };
}

export const together = (readings: readonly Reading[]): Reading => ({
  ms: readings.flatMap(({ ms }) => ms).sort((a, b) => a - b),
  failed: readings.reduce((sum, { failed }) => sum + failed, 0),
});

/** Which so large a part is no slower than. */
export function quantile({ ms }: Reading, part: number): number {
  return ms[Math.min(ms.length - 1, Math.floor(part * ms.length))] ?? Number.NaN;
}
