import type { Execution, LeftOut } from "../../reconcile/execute.ts";
import { counted } from "../../words/text.ts";
import type { Io } from "../io.ts";
import { countedObjects } from "./preview.ts";

/** How an execution ended: `✓ 12 servers and 8 shared objects converged`. */
export function renderExecution({ preview, outcomes, left = [], failed, provisioning }: Execution, io: Io): string {
  const { color } = io;
  if (outcomes.length === 0 && left.length > 0) return leftLines(left, io).join("\n");
  if (outcomes.length === 0 && preview.held !== undefined) return color.yellow("Nothing was done: all of it is held.");
  if (outcomes.length === 0) return color.green("Converged: nothing had to be done.");
  const done = new Set(outcomes.flatMap(({ state, effectHash }) => (state === "converged" ? [effectHash] : [])));
  const objects = preview.effects.filter(({ hash }) => done.has(hash)).map(({ object }) => object);
  const good = objects.length === 0 ? "" : color.green(`✓ ${countedObjects(objects)} converged`);
  const underWay =
    provisioning === 0 ? "" : color.yellow(`◌ ${counted(provisioning, "server")} ordered and being made ready`);
  const bad = failed === 0 ? "" : color.red(`✗ ${failed} failed`);
  const ends = [good, underWay, bad].filter(Boolean).join(", ");
  if (left.length > 0) return [ends, ...leftLines(left, io)].join("\n");
  if (failed > 0) return `${ends}; the next apply goes on with what is left`;
  return provisioning > 0 ? `${ends}; \`fleetwright status\` tells how far, \`apply --wait\` waits` : ends;
}

/** What was not begun, under each reason, and how to go on. */
function leftLines(left: readonly LeftOut[], { color }: Io): string[] {
  const groups = Map.groupBy(left, ({ why }) => why);
  return [
    ...[...groups].map(([why, members]) => {
      const names = members.map(({ name }) => name).join(", ");
      return color.yellow(`… ${counted(members.length, "object")} not begun (${why}): ${names}`);
    }),
    "They stay approved: mend what failed and `fleetwright apply` goes on with what is left; another commit changes or drops it",
  ];
}
