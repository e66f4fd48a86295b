import type { Execution } from "../../reconcile/execute.ts";
import type { Io } from "../io.ts";
import { countedObjects } from "./preview.ts";
import { counted } from "./text.ts";

/** How an execution ended: `✓ 12 servers and 8 shared objects converged`. */
export function renderExecution({ preview, outcomes, failed, provisioning }: Execution, { color }: Io): string {
  if (outcomes.length === 0) return color.green("Converged: nothing had to be done.");
  const done = new Set(outcomes.flatMap(({ state, effectHash }) => (state === "converged" ? [effectHash] : [])));
  const objects = preview.effects.filter(({ hash }) => done.has(hash)).map(({ object }) => object);
  const good = objects.length === 0 ? "" : color.green(`✓ ${countedObjects(objects)} converged`);
  const underWay =
    provisioning === 0 ? "" : color.yellow(`◌ ${counted(provisioning, "server")} ordered and being made ready`);
  const bad = failed === 0 ? "" : color.red(`✗ ${failed} failed`);
  const ends = [good, underWay, bad].filter(Boolean).join(", ");
  if (failed > 0) return `${ends}; the next apply goes on with what is left`;
  return provisioning > 0 ? `${ends}; \`fleetwright status\` tells how far, \`apply --wait\` waits` : ends;
}
