import type { FleetSpec } from "../../resources/spec.ts";
import { kindOfPath } from "../fleet/file.ts";
import { roundToMicro } from "../fleet/money.ts";
import type { Effect } from "../reconcile/types.ts";
import type { Change, ChangePreview } from "./types.ts";

type Asked = Pick<Change, "role" | "surface" | "files">;

/**
 * Which of the fleet's policies approves this by itself, in words for the record; undefined when none does. Only files of servers are within a policy:
 * who may write accounts, plans or policies could allow themselves anything. A replace never is, nor what loses a disk by another way than a
 * delete that a policy names.
 */
export function approvedByPolicy(fleet: FleetSpec, change: Asked, preview: ChangePreview): string | undefined {
  if (fleet.approval === "auto" && preview.effects.every(({ dataLoss }) => !dataLoss)) return "policy: approval auto";
  if (!change.files.every((path) => kindOfPath(path) === "Server")) return undefined;
  const { changes = [] } = fleet.policies;
  const index = changes.findIndex(({ roles, surfaces, operations, effects, monthly }) => {
    if (!roles.includes(change.role) || !(surfaces?.includes(change.surface) ?? true)) return false;
    if (effects !== undefined && preview.effects.length > effects) return false;
    const isNamed = ({ op, dataLoss }: Effect) =>
      operations.some((one) => one === op) && (op === "delete" || !dataLoss);
    if (!preview.effects.every(isNamed)) return false;
    return monthly === undefined || isWithin(preview, monthly);
  });
  return index < 0 ? undefined : `policy: changes[${index}] of fleet.yaml`;
}

/** What cannot be told is not within a limit. */
function isWithin(
  { effects, cost }: ChangePreview,
  { amount, currency }: { amount: number; currency: string },
): boolean {
  if (effects.some(isUnpriced)) return false;
  if ([...cost.before, ...cost.after].some((one) => one.currency !== currency)) return false;
  const sum = (costs: { monthlyMicro: number }[]) => costs.reduce((total, { monthlyMicro }) => total + monthlyMicro, 0);
  return sum(cost.after) - sum(cost.before) <= roundToMicro(amount);
}

const isUnpriced = ({ op, cost }: Effect): boolean => op !== "delete" && op !== "forget" && cost?.after === undefined;
