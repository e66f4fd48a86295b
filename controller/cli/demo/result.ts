/** What the demo found, as its last line says it with `--json`. */
export interface DemoResult {
  /** Servers that the fleet's files name. */
  servers: number;
  /** Servers that a fresh look, after all that happened, finds as the files say. */
  converged: number;
  /** Machines that the simulated clouds hold in the end. */
  clouds: Record<string, number>;
  /** Every execution did the effects that were shown and approved, all of them and no other. */
  effectHashMatched: boolean;
  drift: { injected: number; found: number; reverted: number };
  /** What was asked for by the API was previewed, approved and executed. */
  requested: boolean;
  seconds: number;
}

/** Whether all went as it should: the demo's exit code says so. */
export function isAllWell({ servers, converged, clouds, effectHashMatched, drift, requested }: DemoResult): boolean {
  const machines = Object.values(clouds).reduce((sum, count) => sum + count, 0);
  return (
    servers > 0 &&
    converged === servers &&
    machines === servers &&
    effectHashMatched &&
    requested &&
    drift.injected > 0 &&
    drift.found === drift.injected &&
    drift.reverted === drift.injected
  );
}

/** Whether these are the same hashes, whatever their order. */
export function isSameSet(shown: string[], executed: string[]): boolean {
  const wanted = new Set(shown);
  return (
    executed.length === wanted.size &&
    new Set(executed).size === wanted.size &&
    executed.every((hash) => wanted.has(hash))
  );
}
