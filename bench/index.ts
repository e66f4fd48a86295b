import { parseArgs } from "node:util";
import { findEngine } from "../controller/engine/find.ts";
import { b6, b7, small } from "./figures/create.ts";
import { b8 } from "./figures/kills.ts";
import { b14 } from "./figures/load.ts";
import { b5 } from "./figures/preview.ts";
import { describe, type Figure, notMeasured } from "./measure/figure.ts";
import { hasProc } from "./measure/proc.ts";
import type { Benchmark, BenchOptions } from "./run.ts";

const BENCHMARKS: readonly Benchmark[] = [b14, small, b5, b6, b7, b8];

const USAGE = `npm run bench -- [--json] [--quick] [--only ID[,ID]] [--rounds N] [--seed N]

Measures the product beside a bare Pulumi program, in CPU-seconds of whole process trees: docs/performance.md.
  --json     one object a line and figure
  --quick    smaller N; nothing is judged
  --only     some of ${BENCHMARKS.map(({ id }) => id).join(", ")}
  --rounds   how often peer and product run in turn; the smallest of each counts (default 3)
  --seed     of the random instants of B8`;

async function main(args: string[]): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      json: { type: "boolean", default: false },
      quick: { type: "boolean", default: false },
      only: { type: "string" },
      rounds: { type: "string", default: "3" },
      seed: { type: "string", default: String(Date.now() % 2 ** 31) },
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
  const options: BenchOptions = { quick: values.quick, rounds, seed, progress: (line) => console.error(`  ${line}`) };
  const missing = await whyNot();
  let missed = 0;
  for (const benchmark of chosen) {
    console.error(`${benchmark.id}: ${benchmark.title}${benchmark.id === "B8" ? ` (seed ${seed})` : ""}`);
    for (const figure of await figuresOf(benchmark, options, missing)) {
      console.log(values.json ? JSON.stringify(figure) : describe(figure));
      if (figure.met === false) missed += 1;
    }
  }
  return missed === 0 ? 0 : 1;
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
async function figuresOf(benchmark: Benchmark, options: BenchOptions, missing: string | undefined): Promise<Figure[]> {
  const unmeasured = (reason: string) => [
    notMeasured({ name: `${benchmark.id} ${benchmark.title}`, unit: "CPU-s / CPU-s", target: Number.NaN }, reason),
  ];
  if (missing !== undefined) return unmeasured(missing);
  try {
    return await benchmark.run(options);
  } catch (error) {
    return unmeasured((error as Error).message);
  }
}

/** Why nothing can be measured here; undefined when it can. */
async function whyNot(): Promise<string | undefined> {
  if (!hasProc) return "CPU time of process trees is read from /proc, which this system does not have";
  try {
    await findEngine({ onProgress: (line) => console.error(line) });
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}
