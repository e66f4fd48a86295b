import type { AggregateSpec } from "../../../resources/spec.ts";

/** In the order of the document. */
export const CLASSES = ["ondemand", "spot", "runpod", "contracts"] as const;
export type SpotClass = (typeof CLASSES)[number];

/** What an aggregate is by its name, or by the file that has it. */
export interface Classed {
  gpuType: string;
  class: SpotClass;
  /** `NVLink` of `L40-n3-NVLink`. */
  variant?: string;
}

type ByFile = Pick<AggregateSpec, "class" | "gpuType">;

/**
 * `<gpu>-n3[-variant][-spot|-runpod]` and `Contract-<gpu>-<customer>`; what a file says goes before the name. Undefined for what is neither, such as
 * an availability zone.
 * @param types GPU types that are known otherwise: both they and customers may have hyphens
 */
export function classOf(name: string, file: ByFile | undefined, types: ReadonlySet<string>): Classed | undefined {
  const named = classByName(name) ?? contractByName(name, types);
  const gpuType = file?.gpuType ?? named?.gpuType;
  if (gpuType === undefined) return undefined;
  const wanted = file === undefined ? named?.class : file.class === "contract" ? "contracts" : file.class;
  return { ...named, gpuType, class: wanted ?? "ondemand" };
}

/** The GPU types that names and files tell without doubt. */
export function gpuTypesOf(named: Iterable<{ name: string; file?: ByFile }>): ReadonlySet<string> {
  const types = new Set<string>();
  for (const { name, file } of named) {
    const type = file?.gpuType ?? classByName(name)?.gpuType;
    if (type !== undefined) types.add(type);
  }
  return types;
}

function classByName(name: string): Classed | undefined {
  const [, gpuType, variant, last] = /^(.+?)-n3(?:-(?!(?:spot|runpod)$)(.+?))?(?:-(spot|runpod))?$/.exec(name) ?? [];
  if (gpuType === undefined) return undefined;
  return { gpuType, class: (last as SpotClass | undefined) ?? "ondemand", ...(variant !== undefined && { variant }) };
}

function contractByName(name: string, types: ReadonlySet<string>): Classed | undefined {
  const rest = /^Contract-(.+)$/.exec(name)?.[1];
  if (rest === undefined) return undefined;
  const known = [...types].filter((type) => rest.startsWith(`${type}-`)).sort((a, b) => b.length - a.length)[0];
  const gpuType = known ?? /^(.+)-[^-]+$/.exec(rest)?.[1];
  return gpuType === undefined ? undefined : { gpuType, class: "contracts" };
}

/** Those without a variant first, then by name: the first one names its class. */
export const byVariant = (a: { name: string; variant?: string }, b: { name: string; variant?: string }): number =>
  Number(a.variant !== undefined) - Number(b.variant !== undefined) || (a.name < b.name ? -1 : 1);
