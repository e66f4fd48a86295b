import { type CheckFailure, type PropertyMap, type PropertyValue, UNKNOWN } from "./handler.ts";

/** One property of a resource type: what is allowed, and what the package's schema says of it. */
export type Field = { description: string; required?: boolean } & (
  | { type: "string"; default?: string; oneOf?: readonly string[]; pattern?: RegExp; shape?: string }
  | { type: "integer"; default?: number; minimum: number; maximum?: number }
  | { type: "number" }
  | { type: "boolean"; default?: boolean }
  | { type: "strings"; default?: readonly string[] }
);
export type Fields = Readonly<Record<string, Field>>;

/**
 * Fills defaults and checks each property by its field. Unknown values pass, as nothing can be said of them yet; properties that no field
 * names are failures, so that a typo is never ignored.
 */
export function checkFields(inputs: PropertyMap, fields: Fields): { inputs: PropertyMap; failures: CheckFailure[] } {
  const failures: CheckFailure[] = [];
  const checked: PropertyMap = {};
  for (const [name, field] of Object.entries(fields)) {
    const value = inputs[name] ?? defaultOf(field);
    if (value === undefined || value === null) {
      if (field.required) failures.push({ path: name, reason: "is required" });
      continue;
    }
    checked[name] = value;
    failures.push(...problems(name, value, field));
  }
  for (const name of Object.keys(inputs)) {
    if (Object.hasOwn(fields, name)) continue;
    failures.push({ path: name, reason: `is not a property; there are ${Object.keys(fields).join(", ")}` });
  }
  return { inputs: checked, failures };
}

function defaultOf(field: Field): PropertyValue | undefined {
  if (!("default" in field) || field.default === undefined) return undefined;
  return field.type === "strings" ? [...(field.default as readonly string[])] : (field.default as PropertyValue);
}

function problems(name: string, value: PropertyValue, field: Field): CheckFailure[] {
  if (value === UNKNOWN) return [];
  if (field.type !== "strings") {
    const reason = problem(value, field);
    return reason ? [{ path: name, reason }] : [];
  }
  if (!Array.isArray(value)) return [{ path: name, reason: "must be a list of strings" }];
  return value.flatMap((item, index) =>
    item === UNKNOWN || typeof item === "string" ? [] : [{ path: `${name}[${index}]`, reason: "must be a string" }],
  );
}

function problem(value: PropertyValue, field: Exclude<Field, { type: "strings" }>): string | undefined {
  switch (field.type) {
    case "boolean":
      return typeof value === "boolean" ? undefined : "must be true or false";
    case "number":
      return typeof value === "number" ? undefined : "must be a number";
    case "integer": {
      const { minimum, maximum = Number.MAX_SAFE_INTEGER } = field;
      const range = field.maximum === undefined ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
      const fits = typeof value === "number" && Number.isInteger(value) && value >= minimum && value <= maximum;
      return fits ? undefined : `must be a whole number ${range}`;
    }
    case "string":
      if (typeof value !== "string" || value === "") return "must be a string that is not empty";
      if (field.oneOf && !field.oneOf.includes(value)) return `must be one of ${field.oneOf.join(", ")}`;
      if (field.pattern && !field.pattern.test(value))
        return `must be ${field.shape ?? `like ${field.pattern.source}`}`;
      return undefined;
  }
}

/** A resource type as it stands in a Pulumi package schema. */
export function resourceSchema(description: string, inputs: Fields, outputs: Fields = {}): object {
  const properties = { ...inputs, ...outputs };
  return {
    description,
    inputProperties: mapValues(inputs, propertySchema),
    requiredInputs: namesWhere(inputs, (field) => field.required === true && defaultOf(field) === undefined),
    properties: mapValues(properties, propertySchema),
    required: namesWhere(properties, (field) => field.required === true || defaultOf(field) !== undefined),
  };
}

function propertySchema(field: Field): object {
  const { description } = field;
  if (field.type === "strings") return { type: "array", items: { type: "string" }, description };
  const scalar = { type: field.type, description };
  const value = defaultOf(field);
  return value === undefined ? scalar : { ...scalar, default: value };
}

function namesWhere(fields: Fields, wanted: (field: Field) => boolean): string[] {
  return Object.entries(fields).flatMap(([name, field]) => (wanted(field) ? [name] : []));
}

function mapValues<A, B>(record: Readonly<Record<string, A>>, map: (value: A) => B): Record<string, B> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, map(value)]));
}
