import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { type PropertyMap, type PropertyValue, UNKNOWN } from "../../resources/plugin/handler.ts";
import { isMap } from "../../resources/plugin/paths.ts";
import { isUnset, type Problem } from "./fields.ts";

export interface OfficialType {
  type?: string;
  $ref?: string;
  items?: OfficialType;
  properties?: Record<string, OfficialType>;
  additionalProperties?: OfficialType;
  willReplaceOnChanges?: boolean;
}

export interface OfficialSchema {
  resources: Record<
    string,
    {
      inputProperties: Record<string, OfficialType>;
      requiredInputs?: string[];
      properties: Record<string, OfficialType>;
    }
  >;
  types: Record<string, OfficialType & { required?: string[] }>;
}

const schemas = new Map<string, OfficialSchema | undefined>();

/** The official schema of a plugin, where it lies beside the checkout; undefined elsewhere. */
export function officialSchema(plugin: string): OfficialSchema | undefined {
  if (!schemas.has(plugin)) {
    const file = fileURLToPath(new URL(`../../../shared/specs/pulumi/${plugin}.json`, import.meta.url));
    schemas.set(plugin, existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as OfficialSchema) : undefined);
  }
  return schemas.get(plugin);
}

/** What the official schema has against these inputs; nothing where it is not at hand. */
export function officialProblems(type: string, inputs: PropertyMap): Problem[] {
  const schema = officialSchema(type.slice(0, type.indexOf(":")));
  const resource = schema?.resources[type];
  if (!schema || !resource) return [];
  return objectProblems(schema, resource.inputProperties, resource.requiredInputs ?? [], inputs, "");
}

function objectProblems(
  schema: OfficialSchema,
  properties: Record<string, OfficialType>,
  required: readonly string[],
  value: PropertyMap,
  prefix: string,
): Problem[] {
  const problems = required
    .filter((name) => isUnset(value[name]))
    .map((name) => ({ path: prefix + name, reason: "missing required property (official schema)" }));
  for (const [name, item] of Object.entries(value)) {
    if (name === "__defaults" || isUnset(item)) continue;
    const type = properties[name];
    if (type) problems.push(...valueProblems(schema, type, item, prefix + name));
    else problems.push({ path: prefix + name, reason: "is not in the official schema" });
  }
  return problems;
}

function valueProblems(schema: OfficialSchema, type: OfficialType, value: PropertyValue, path: string): Problem[] {
  if (value === UNKNOWN) return [];
  const wrong = (wanted: string) => [{ path, reason: `must be ${wanted} (official schema)` }];
  const named = type.$ref?.startsWith("#/types/") ? schema.types[type.$ref.slice("#/types/".length)] : undefined;
  if (named?.properties)
    return isMap(value)
      ? objectProblems(schema, named.properties, named.required ?? [], value, `${path}.`)
      : wrong("an object");
  switch (type.type) {
    case "array":
      if (!Array.isArray(value)) return wrong("a list");
      return value.flatMap((item, i) => (type.items ? valueProblems(schema, type.items, item, `${path}[${i}]`) : []));
    case "object":
      return isMap(value) ? [] : wrong("an object");
    case "integer":
      return Number.isInteger(value) ? [] : wrong("an integer");
    case "string":
    case "boolean":
    case "number":
      return typeof value === type.type ? [] : wrong(`a ${type.type}`);
    default:
      return [];
  }
}
