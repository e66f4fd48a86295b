import { loadavg } from "node:os";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { findEngine } from "../controller/engine/find.ts";
import { api } from "./figures/api.ts";
import { b12 } from "./figures/bulk.ts";
import { catalogue } from "./figures/catalogue.ts";
import { b4 } from "./figures/change.ts";
import { clones } from "./figures/clones.ts";
import { b6, b7, c100 } from "./figures/create.ts";
import { b2, b3 } from "./figures/drift.ts";
import { growth } from "./figures/growth.ts";
import { b10 } from "./figures/idle.ts";
import { b8 } from "./figures/kills.ts";
import { b14 } from "./figures/load.ts";
import { b13 } from "./figures/memory.ts";
import { b1 } from "./figures/noop.ts";
import { b5 } from "./figures/preview.ts";
import { b11 } from "./figures/requests.ts";
import { start } from "./figures/start.ts";
import { b9 } from "./figures/writes.ts";
import { describe, type Figure, notMeasured } from "./measure/figure.ts";
import { hasProc } from "./measure/proc.ts";
import type { Benchmark, BenchOptions } from "./run.ts";
import { keepStandingIn, removeStanding } from "./standing.ts";

const BENCHMARKS: readonly Benchmark[] = [
  b14,
  start,
  c100,
  b1,
  b5,
  b13,
  b4,
  growth,
  b10,
  b11,
  b6,
  b7,
  b8,
  b9,
  b2,
  b3,
  b12,
  clones,
  catalogue,
  api,
];

const USAGE = `npm run bench -- [--json] [--quick] [--only ID[,ID]] [--rounds N] [--seed N] [--sites DIR]

Measures the product beside a bare Pulumi program and OpenTofu, in CPU-seconds of whole process trees, and what it asks of eight simulated clouds:
docs/performance.md.
  --json     one object a line and figure
  --quick    smaller N; nothing is judged
  --only     some of ${BENCHMARKS.map(({ id }) => id).join(", ")}
  --rounds   how often peer and product run in turn; the smallest of each counts (default 3)
  --seed     of the random instants of B8
  --sites    keep the large fleets in this folder, and go on with those of an earlier run`;

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      rounds: { type: "string", default: "3" },
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
      sites: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return 0;
  }
  const chosen = choose(values.only);
  const rounds = Number(values.rounds);
  const seed = Number(values.seed);
  if (!Number.isInteger(rounds) || rounds < 1 || !Number.isInteger(seed)) throw new Error(USAGE);
  if (values.sites !== undefined) keepStandingIn(resolve(values.sites));
  const options: BenchOptions = { quick: values.quick, rounds, seed, progress: (line) => console.error(`  ${line}`) };
  const missing = await missingPart();
  let failed = 0;
  try {
    for (const benchmark of chosen) {
      const load = loadavg().map((each) => each.toFixed(1));
      console.error(
        `${benchmark.id}: ${benchmark.title}${benchmark.id === "B8" ? ` (seed ${seed})` : ""}; load ${load.join(" ")}`,
      );
      const { figures, error } = await measure(benchmark, options, missing(benchmark));
      for (const figure of figures) console.log(values.json ? JSON.stringify(figure) : describe(figure));
      if (error || figures.some(({ met }) => met === false)) failed += 1;
    }
  } finally {
    await removeStanding();
  }
  return failed === 0 ? 0 : 1;
}

function choose(only: string | undefined): readonly Benchmark[] {
  if (only === undefined) return BENCHMARKS;
  return only.split(",").map((id) => {
    const found = BENCHMARKS.find((benchmark) => benchmark.id.toLowerCase() === id.trim().toLowerCase());
    if (found === undefined) throw new Error(`there is no benchmark ${id}\n\n${USAGE}`);
    return found;
  });
}

/** One benchmark that fails leaves the others their turn. */
async function measure(
  benchmark: Benchmark,
  options: BenchOptions,
  missing: string | undefined,
): Promise<{ figures: Figure[]; error: boolean }> {
  const unmeasured = (reason: string) => benchmark.bars.map((bar) => notMeasured(bar, reason));
  if (missing !== undefined) return { figures: unmeasured(missing), error: false };
  try {
    return { figures: await benchmark.run(options), error: false };
  } catch (error) {
    console.error((error as Error).message);
    return { figures: unmeasured(firstOf((error as Error).message)), error: true };
  }
}

/** Of a failure that tells of each server by itself. */
const firstOf = (message: string): string => message.split("\n", 1)[0]!.slice(0, 300);

/** Tells of a benchmark why it cannot be measured here; undefined when it can. */
async function missingPart(): Promise<(benchmark: Benchmark) => string | undefined> {
  if (!hasProc) return () => "CPU time of process trees is read from /proc, which this system does not have";
  let missing: string | undefined;
  try {
    await findEngine({ onProgress: (line) => console.error(line) });
  } catch (error) {
    missing = (error as Error).message;
  }
  return ({ needsEngine }) => (needsEngine ? missing : undefined);
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
