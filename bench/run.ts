import type { Bar, Figure } from "./measure/figure.ts";

/** How a run of the benchmarks was asked for. */
export interface BenchOptions {
  /** Smaller N, and nothing is judged. */
  quick: boolean;
  rounds: number;
  /** Of the random instants of B8. */
  seed: number;
  /** Told in lines what goes on. */
  progress(line: string): void;
}

/** One benchmark of `docs/performance.md`: it answers one or more figures. */
export interface Benchmark {
  id: string;
  title: string;
  /** What it is held to, at full size: told also when it cannot be measured. */
  bars: readonly Bar[];
  /** Whether the Pulumi engine comes into it. */
  needsEngine: boolean;
  run(options: BenchOptions): Promise<Figure[]>;
}

/** A bar as it counts in this run: figures of a quick one are not judged. */
export function inRun(bar: Bar, { quick }: BenchOptions, small: number): Bar {
  return quick ? { ...bar, reason: `a quick run has N = ${small}, and the target is for the N of the name` } : bar;
}
