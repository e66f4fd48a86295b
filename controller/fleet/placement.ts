import type { ServerFields } from "../../schemas/types.ts";
import { toMiB } from "../catalog/units.ts";
import { fieldFault } from "./file.ts";
import type { FieldFault } from "./validate.ts";

/** A server of which it is known where it is bought: by its file, or because its placement has been decided. */
export type PlacedFields = ServerFields & { account: string; region: string; image: string };

/** The schema lets these be absent with `placement` only. */
export function isPlaced(fields: ServerFields): fields is PlacedFields {
  const { account, region, image, size, placement } = fields;
  const isWhole = account !== undefined && region !== undefined && image !== undefined;
  return isWhole && (placement === undefined || size !== undefined);
}

/** What is wrong with a placement by itself, and that it has not been decided. */
export function placementFaults(fields: ServerFields): FieldFault[] {
  const { placement, needs } = fields;
  if (placement === undefined)
    return needs === undefined ? [] : [fieldFault(["needs"], "has no meaning without `placement: cheapest`")];
  const faults = (["plan", "resources"] as const).flatMap((field) =>
    fields[field] === undefined ? [] : [fieldFault([field], "and `placement` exclude each other")],
  );
  if (needs?.memoryMiB !== undefined && toMiB(needs.memoryMiB) === undefined)
    faults.push(fieldFault(["needs", "memoryMiB"], "must be whole MiB"));
  if (fields.image === undefined && needs?.images === undefined)
    faults.push(fieldFault(["image"], "is missing; with `placement` it may stand by cloud in `needs.images`"));
  if (faults.length > 0 || isPlaced(fields)) return faults;
  return [fieldFault(["placement"], `is not decided yet: run \`fleetwright place ${fields.name}\``)];
}
