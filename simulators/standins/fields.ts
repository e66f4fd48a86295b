import { type PropertyMap, type PropertyValue, UNKNOWN } from "../../resources/plugin/handler.ts";
import { isMap } from "../../resources/plugin/paths.ts";

/** Types of inputs, as far as the declared resource types have them. `list` and `object` name the fields of their members. */
export type FieldType =
  | "string"
  | "integer"
  | "number"
  | "boolean"
  | "string[]"
  | "integer[]"
  | "stringMap"
  | { list: Fields }
  | { object: Fields };

export interface Field {
  type: FieldType;
  required?: true;
  /** Filled in when absent, and named in `__defaults` where the plugin does so. */
  default?: PropertyValue;
  /** A change makes a new resource; or only some changes do. */
  replace?: true | ((before: PropertyValue | undefined, after: PropertyValue | undefined) => boolean);
  /** Absent means: as it is. */
  computed?: true;
  /** A null in the state is a change against any declared value; else not against false, zero or nothing. */
  nullDiffers?: true;
  /** A computed field that the state does not have at all counts as a change; null in the state does not. */
  unknownWhenUnset?: true;
  /** The Terraform default of a field that the check does not fill in: against null it counts only beside another change. */
  silentDefault?: PropertyValue;
  /** Order does not count; `caseless`: nor does case. */
  set?: true;
  caseless?: true;
  /** Whether a state value stands for an input, where the state keeps a digest. */
  matches?: (state: PropertyValue, input: PropertyValue) => boolean;
  /** The plugin has it, the stand-in does not: said in the check, never ignored. */
  unsupported?: true;
}

export type Fields = Readonly<Record<string, Field>>;

export interface Problem {
  path: string;
  reason: string;
}

/** Null and absent are one for a plugin. */
export function isUnset(value: PropertyValue | undefined): value is null | undefined {
  return value === null || value === undefined;
}

/** Every value that is no input or has the wrong type, by path. */
export function typeProblems(fields: Fields, values: PropertyMap, what: string, prefix = ""): Problem[] {
  const problems: Problem[] = [];
  for (const [name, value] of Object.entries(values)) {
    if (name === "__defaults" || isUnset(value)) continue;
    const path = prefix + name;
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (!field) problems.push({ path, reason: `${what} has no input of this name` });
    else if (field.unsupported)
      problems.push({
        path,
        reason: `the stand-in of the official plugin does not have this input; the real one does`,
      });
    else problems.push(...valueProblems(field.type, value, what, path));
  }
  for (const [name, field] of Object.entries(fields)) {
    if (field.required && isUnset(values[name]))
      problems.push({ path: prefix + name, reason: "missing required property" });
  }
  return problems;
}

function valueProblems(type: FieldType, value: PropertyValue, what: string, path: string): Problem[] {
  if (value === UNKNOWN) return [];
  if (typeof type === "object") {
    if ("object" in type)
      return isMap(value) ? typeProblems(type.object, value, what, `${path}.`) : [mismatch(path, "an object", value)];
    if (!Array.isArray(value)) return [mismatch(path, "a list", value)];
    return value.flatMap((item, i) =>
      item === UNKNOWN
        ? []
        : isMap(item)
          ? typeProblems(type.list, item, what, `${path}[${i}].`)
          : [mismatch(`${path}[${i}]`, "an object", item)],
    );
  }
  if (type === "string[]" || type === "integer[]") {
    if (!Array.isArray(value)) return [mismatch(path, "a list", value)];
    return value.flatMap((item, i) =>
      valueProblems(type === "string[]" ? "string" : "integer", item, what, `${path}[${i}]`),
    );
  }
  if (type === "stringMap") {
    if (!isMap(value)) return [mismatch(path, "an object", value)];
    return Object.entries(value).flatMap(([name, item]) => valueProblems("string", item, what, `${path}.${name}`));
  }
  const fits = type === "integer" ? Number.isInteger(value) : typeof value === type;
  return fits ? [] : [mismatch(path, `a ${type}`, value)];
}

function mismatch(path: string, wanted: string, value: PropertyValue): Problem {
  const is = Array.isArray(value) ? "a list" : isMap(value) ? "an object" : `a ${typeof value}`;
  return { path, reason: `must be ${wanted}, is ${is}` };
}

/** The values without the `__defaults` lists that inputs carry. */
export function withoutMarks(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) return value.map(withoutMarks);
  if (!isMap(value)) return value;
  const kept: PropertyMap = {};
  for (const [name, item] of Object.entries(value)) if (name !== "__defaults") kept[name] = withoutMarks(item);
  return kept;
}

/** Two values with the same key are the same to the plugin. Undefined where something is unknown: then nothing is the same. */
export function comparable(field: Field, value: PropertyValue | undefined): string | undefined {
  let unknown = false;
  const plain = (each: PropertyValue | undefined, as: Field): unknown => {
    if (each === UNKNOWN) unknown = true;
    // Zero values and absent ones are one inside of blocks and lists.
    if (isUnset(each) || each === UNKNOWN || each === "" || each === false || each === 0) return undefined;
    if (Array.isArray(each)) {
      const inner: Field =
        typeof as.type === "object" && "list" in as.type
          ? { type: { object: as.type.list } }
          : { type: "string", ...(as.caseless ? { caseless: true } : {}) };
      const items = each.map((item) => JSON.stringify(plain(item, inner) ?? null));
      if (as.set) items.sort();
      return items.length > 0 ? items : undefined;
    }
    if (isMap(each)) {
      const known = typeof as.type === "object" && "object" in as.type ? as.type.object : {};
      const entries = Object.entries(each)
        .filter(([name]) => name !== "__defaults" && (Object.keys(known).length === 0 || Object.hasOwn(known, name)))
        .map(([name, item]) => [name, plain(item, known[name] ?? { type: "string" })] as const)
        .filter(([, item]) => item !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1));
      return entries.length > 0 ? Object.fromEntries(entries) : undefined;
    }
    return typeof each === "string" && as.caseless ? each.toLowerCase() : each;
  };
  const key = JSON.stringify(plain(value, field)) ?? "";
  return unknown ? undefined : key;
}
