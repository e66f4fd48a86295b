import type { Execution } from "../../reconcile/execute.ts";
import type { Io } from "../io.ts";
import { countedObjects } from "./preview.ts";

/** How an execution ended: `✓ 12 servers and 8 shared objects converged`. */
export function renderExecution({ preview, outcomes, failed }: Execution, { color }: Io): string {
  if (outcomes.length === 0) return color.green("Converged: nothing had to be done.");
  const done = new Set(outcomes.flatMap(({ state, effectHash }) => (state === "converged" ? [effectHash] : [])));
  const objects = preview.effects.filter(({ hash }) => done.has(hash)).map(({ object }) => object);
  const good = objects.length === 0 ? "" : color.green(`✓ ${countedObjects(objects)} converged`);
  if (failed === 0) return good;
  const bad = color.red(`✗ ${failed} failed`);
  return `${[good, bad].filter(Boolean).join(", ")}; the next apply goes on with what is left`;
}
