import { join } from "node:path";
import { bytesIn } from "../measure/bytes.ts";
import { type Bar, type Figure, figure } from "../measure/figure.ts";
import { type Benchmark, inRun } from "../run.ts";
import type { Site } from "../site.ts";
import { standingFleet } from "../standing.ts";
import { reconcileIdle } from "./noop.ts";

const CYCLES = 100;

const BACKEND: Bar = { name: `B10 bytes that ${CYCLES} no-op cycles add to the backend`, unit: "bytes", target: 0 };
const REPOSITORY: Bar = { ...BACKEND, name: `B10 bytes that ${CYCLES} no-op cycles add to the repository` };
const DATABASE: Bar = {
  name: `B10 bytes that ${CYCLES} no-op cycles add to the database's tables`,
  unit: "bytes",
  target: 0,
  reason: "no bar: its own upkeep moves pages",
};

/** A fleet that nobody changes: 100 times reconciled and listed, in one process. */
export const b10: Benchmark = {
  id: "B10",
  title: `${CYCLES} no-op cycles over 1000 servers`,
  bars: [BACKEND, REPOSITORY, DATABASE],
  needsEngine: true,
  async run(options): Promise<Figure[]> {
    const [servers, cycles] = options.quick ? [100, 5] : [1000, CYCLES];
    const site = await standingFleet(servers, options.progress);
    // A first start leaves its snapshot and what it has seen, once.
    await reconcileIdle(site);
    const before = sizesOf(site);
    const { cpuSeconds } = await reconcileIdle(site, cycles);
    const after = sizesOf(site);
    options.progress(`${cycles} cycles over ${servers}: ${cpuSeconds} CPU-s`);
    return [
      figure(inRun(BACKEND, options, servers), after.backend - before.backend),
      figure(inRun(REPOSITORY, options, servers), after.repository - before.repository),
      figure(DATABASE, after.database - before.database),
    ];
  },
};

function sizesOf({ fleetDir, dataDir }: Site) {
  return {
    backend: bytesIn(join(dataDir, "state")),
    repository: bytesIn(fleetDir),
    database: bytesIn(join(dataDir, "postgres/base")),
  };
}
