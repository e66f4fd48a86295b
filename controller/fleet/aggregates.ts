import type { AggregateHostSpec, AggregateSpec } from "../../resources/spec.ts";
import type { AggregateParts } from "./aggregate.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import type { CompiledObject } from "./compile.ts";
import type { Entry } from "./entries.ts";
import { faultAt, fieldFault } from "./file.ts";
import type { FieldFault } from "./validate.ts";

type Part = AggregateSpec | AggregateHostSpec;

/** Under `account/kind/name`. */
export type CompiledAggregates = Map<string, CompiledObject<Part>>;

/**
 * The aggregates and hosts of all files together. A host stands in one aggregate of its account, and an aggregate in one file: whatever comes
 * second is a fault at its place.
 */
export function joinAggregates(files: { entry: Entry; parts: AggregateParts }[]): {
  aggregates: CompiledAggregates;
  faults: [Entry, FieldFault][];
} {
  const aggregates: CompiledAggregates = new Map();
  const places = new Map<string, { place: string; where: string }>();
  const faults: [Entry, FieldFault][] = [];
  const add = (entry: Entry, spec: Part, path: FieldFault["path"]) => {
    const key = `${spec.account}/${spec.kind}/${spec.name}`;
    const where = spec.kind === "AggregateHost" ? spec.aggregate : "";
    const earlier = places.get(key);
    if (earlier !== undefined) {
      const message =
        spec.kind === "AggregateHost"
          ? `the host "${spec.name}" is also in ${earlier.where} (${earlier.place}); a host stands in one aggregate, so take it out of one`
          : `the aggregate "${spec.name}" is also in ${earlier.place}`;
      faults.push([entry, fieldFault(path, message)]);
      return;
    }
    const { line, column } = faultAt(entry.parsed, fieldFault(path, ""));
    places.set(key, { place: `${entry.file.path}:${line}:${column}`, where });
    const hash = sha256(canonicalJson(live(spec)));
    aggregates.set(key, { spec, hash, createHash: hash, path: entry.file.path, blob: entry.file.blob });
  };
  for (const { entry, parts } of files) for (const { spec, path } of parts.aggregates) add(entry, spec, path);
  for (const { entry, parts } of files) for (const { spec, path } of parts.hosts) add(entry, spec, path);
  return { aggregates, faults };
}

/** What was there before, where a host came from, and how machines are launched on it, is no part of what it is. */
function live(spec: Part): object {
  const without = { adopt: undefined, takenFrom: undefined, runpod: undefined };
  const { adopt: _, takenFrom: __, runpod: ___, ...rest } = { ...without, ...spec };
  return rest;
}
