import { execFileSync } from "node:child_process";
import { quantile, READS, type Read, type Reading, read, together } from "../api/reads.ts";
import type { Served } from "../api/server.ts";
import { ServedSite } from "../api/serving.ts";
import { lostOf, write } from "../api/writes.ts";
import { type Bar, type Figure, figure, ratioFigure } from "../measure/figure.ts";
import { type Benchmark, type BenchOptions, inRun } from "../run.ts";
import { createSite, removeSite, type Site } from "../site.ts";
import { standingFleet } from "../standing.ts";

/** What a controller may hold, besides engines. */
const BOUND_MIB = 400;
const WRITERS = 50;
/** Of each kind of reads, while changes are opened. */
const CONNECTIONS = 2;
/** Of a second each, of each kind alone. */
const TURNS = 15;

const TARGETS = { object: 5, list: 20, page: 20 } as const;
type Judged = keyof typeof TARGETS;

const barOf = (kind: Judged, when: string): Bar => ({
  name: `api ${kind}, 10000 servers, ${when}: p99 / of an empty route`,
  unit: "ms / ms",
  target: TARGETS[kind],
});
const KINDS = Object.keys(TARGETS) as Judged[];
const MIXED = KINDS.map((kind) => barOf(kind, `while ${WRITERS} open changes`));
const ALONE = KINDS.map((kind) => barOf(kind, "each alone"));
const FAILED: Bar = { name: "api requests that failed", unit: "requests", target: 0 };
const LOST: Bar = { name: "api changes lost or there twice", unit: "changes", target: 0 };
const MEMORY: Bar = {
  name: `api peak RSS of the controller's process / ${BOUND_MIB} MiB`,
  unit: "MiB / MiB",
  target: 1,
};

/** Reads of objects, lists and the page of the fleet, beside an empty route of the same process; first each alone, then all of them while changes are opened. */
export const api: Benchmark = {
  id: "api",
  title: `reads of 10000 servers while ${WRITERS} writers open changes`,
  bars: [...ALONE, ...MIXED, FAILED, LOST, MEMORY],
  needsEngine: true,
  async run(options): Promise<Figure[]> {
    const servers = options.quick ? 300 : 10_000;
    return await withCopy(await standingFleet(servers, options.progress), async (site) => {
      const served = await ServedSite.start(site, options.quick ? 5 : WRITERS);
      try {
        return await measure(served, servers, options);
      } finally {
        await served.end();
      }
    });
  },
};

async function measure(served: ServedSite, servers: number, options: BenchOptions): Promise<Figure[]> {
  const { serving } = served;
  const [turns, mixedSeconds] = options.quick ? [2, 10] : [TURNS, 60];
  const alone = await readInTurn(serving, servers, turns);
  tell(options, "alone", alone);

  const writing = write(serving, { servers, seconds: mixedSeconds });
  const mixed = new Map(
    await Promise.all(
      READS.map(
        async (kind) =>
          [kind, await read(serving, kind, { servers, connections: CONNECTIONS, seconds: mixedSeconds })] as const,
      ),
    ),
  );
  const { opened, failed } = await writing;
  tell(options, "mixed", mixed);
  const { lost, twice } = await lostOf(serving, opened);
  options.progress(`${opened.size} changes were opened; ${lost} are lost, ${twice} there twice`);
  const failures = [...alone.values(), ...mixed.values()].reduce((sum, one) => sum + one.failed, failed);
  const peakMiB = await served.peakMiB();
  const ratio = (bar: Bar, reads: ReadonlyMap<Read, Reading>, kind: Judged) =>
    ratioFigure(inRun(bar, options, servers), {
      peer: quantile(reads.get("empty")!, 0.99),
      product: quantile(reads.get(kind)!, 0.99),
    });
  return [
    ...KINDS.map((kind, index) => ratio(ALONE[index]!, alone, kind)),
    ...KINDS.map((kind, index) => ratio(MIXED[index]!, mixed, kind)),
    figure(FAILED, failures),
    figure(LOST, opened.size === 0 ? Number.NaN : lost + twice),
    ratioFigure(inRun(MEMORY, options, servers), { peer: BOUND_MIB, product: peakMiB }),
  ];
}

/** Each kind alone, in short turns: what others do on this machine meanwhile is then in all of them. */
async function readInTurn(serving: Served, servers: number, turns: number): Promise<Map<Read, Reading>> {
  const all = new Map<Read, Reading[]>(READS.map((kind) => [kind, []]));
  // The first turn is for what is made at the first request of its kind.
  for (let turn = 0; turn <= turns; turn++)
    for (const [kind, readings] of all) {
      const reading = await read(serving, kind, { servers, connections: 1, seconds: 1 });
      if (turn > 0) readings.push(reading);
    }
  return new Map([...all].map(([kind, readings]) => [kind, together(readings)]));
}

function tell({ progress }: BenchOptions, when: string, reads: ReadonlyMap<Read, Reading>): void {
  for (const [kind, reading] of reads) {
    const [p50, p99, most] = [0.5, 0.99, 1].map((part) => quantile(reading, part).toFixed(2));
    progress(
      `${when}, ${kind}: ${reading.ms.length} reads, p50 ${p50} ms, p99 ${p99}, most ${most}, ${reading.failed} failed`,
    );
  }
}

/** What is opened here is not for the figures that come after. */
async function withCopy<T>(site: Site, use: (copy: Site) => Promise<T>): Promise<T> {
  const copy = createSite();
  try {
    execFileSync("cp", ["-a", `${site.root}/.`, copy.root]);
    return await use(copy);
  } finally {
    await removeSite(copy);
  }
}
