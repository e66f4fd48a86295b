import type { PlanSpec } from "../../resources/spec.ts";
import type { PlanFields } from "../../schemas/types.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import type { Context, Result } from "./context.ts";
import { fieldFault } from "./file.ts";
import { toMicro } from "./money.ts";
import { findNearest } from "./problem.ts";
import type { FieldFault } from "./validate.ts";

/** A plan with its prices in micro-units. */
export function compilePlan(fields: PlanFields, context: Context): Result<PlanSpec> {
  const { basePrice, markup, ...rest } = fields;
  const basePriceMicro = toMicro(basePrice);
  const markupMicro = toMicro(markup);
  const faults: FieldFault[] = Object.keys(fields.sizes).flatMap((cloud): FieldFault[] => {
    if (context.find("cloud", cloud)) return [];
    const allowed = [...context.names("cloud")];
    const nearest = findNearest(cloud, allowed);
    return [
      { path: ["sizes", cloud], at: "key", message: "is no cloud", allowed, ...(nearest !== undefined && { nearest }) },
    ];
  });
  if (basePriceMicro === undefined) faults.push(fieldFault(["basePrice"], "must have at most 6 decimals"));
  if (markupMicro === undefined) faults.push(fieldFault(["markup"], "must have at most 6 decimals"));
  if (basePriceMicro === undefined || markupMicro === undefined || faults.length > 0) {
    return { hash: "", createHash: "", faults, notes: [] };
  }
  const spec: PlanSpec = { ...rest, basePriceMicro, markupMicro };
  const hash = sha256(canonicalJson(spec));
  return { spec, hash, createHash: hash, faults, notes: [] };
}
