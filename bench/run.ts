import type { Figure } from "./measure/figure.ts";

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
  run(options: BenchOptions): Promise<Figure[]>;
}

/** Why figures of a quick run are not judged. */
export function quickReason({ quick }: BenchOptions, small: number, full: number): { reason?: string } {
  return quick ? { reason: `N is ${small} in a quick run, and the target is for ${full}` } : {};
}
