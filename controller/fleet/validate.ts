import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { KINDS, type Kind } from "../../schemas/index.ts";
import { type FieldPath, findNearest } from "./problem.ts";

/** A fault whose place is still a path into the value. */
export interface FieldFault {
  path: FieldPath;
  /** The key's place counts for an unknown field, the value's for all else. */
  at: "key" | "value";
  message: string;
  allowed?: string[];
  nearest?: string;
}

// The plugin is a CommonJS default export, which types see as a namespace.
const addFormats = formats as unknown as (ajv: Ajv2020) => Ajv2020;

// To check the schemas themselves and to tidy the generated code costs more than checking thousands of files: a test does the first.
const quick = { validateSchema: false, code: { optimize: false } } as const;

// Fills defaults into the value, so that they are stated in the schemas alone.
const fleetAjv = new Ajv2020({
  ...quick,
  allErrors: true,
  verbose: true,
  useDefaults: true,
  allowUnionTypes: true,
  strictRequired: false,
  strictTypes: false,
});
fleetAjv.addVocabulary(["patternErrorMessage"]);

// A cloud's defaults are the cloud's own affair: filled in here, a new release of a cloud would change every server's hash.
const cloudAjv = addFormats(new Ajv2020({ ...quick, allErrors: true, verbose: true, strict: false }));

const byKind = new Map<Kind, ValidateFunction>();
const byCloudSchema = new WeakMap<object, ValidateFunction>();

/** Everything that is wrong with the fields of one kind; defaults are filled into `value` when nothing is. */
export function validateFields(kind: Kind, value: object): FieldFault[] {
  let check = byKind.get(kind);
  if (check === undefined) {
    check = fleetAjv.compile(KINDS[kind].schema);
    byKind.set(kind, check);
  }
  return check(value) ? [] : readErrors(check.errors ?? [], value, []);
}

/** Everything that is wrong with a block which a cloud's own schema describes; `prefix` leads to the block. */
export function validateBlock(schema: object, value: object, prefix: FieldPath): FieldFault[] {
  let check = byCloudSchema.get(schema);
  if (check === undefined) {
    const { $id, ...rest } = schema as { $id?: string };
    check = cloudAjv.compile(rest);
    byCloudSchema.set(schema, check);
  }
  return check(value) ? [] : readErrors(check.errors ?? [], value, prefix);
}

function readErrors(errors: ErrorObject[], value: unknown, prefix: FieldPath): FieldFault[] {
  const alternatives = errors
    .filter(({ keyword }) => keyword === "oneOf" || keyword === "anyOf")
    .map(({ schemaPath }) => `${schemaPath}/`);
  const told = errors.filter(({ keyword, schemaPath }) => {
    // What each alternative misses says less than that none of them fits.
    if (alternatives.some((start) => schemaPath.startsWith(start))) return false;
    return keyword !== "propertyNames" && keyword !== "if";
  });
  return told.map((error) => readError(error, value, prefix));
}

function readError(error: ErrorObject, root: unknown, prefix: FieldPath): FieldFault {
  const path = [...prefix, ...pathOf(error.instancePath, root)];
  const { keyword, params } = error;
  const parent = (error.parentSchema ?? {}) as ParentSchema;
  if (error.propertyName !== undefined) {
    return {
      path: [...path, error.propertyName],
      at: "key",
      message: `the name "${error.propertyName}" ${patternMessage(parent)}`,
    };
  }
  if (keyword === "additionalProperties" || keyword === "unevaluatedProperties") {
    const field = String(params.additionalProperty ?? params.unevaluatedProperty);
    const allowed = Object.keys(parent.properties ?? {});
    const hint = field === "<<" ? "; merge keys are not read" : "";
    return {
      path: [...path, field],
      at: "key",
      message: `is no field here${hint}`,
      allowed,
      ...nearestOf(field, allowed),
    };
  }
  if (keyword === "required")
    return { path: [...path, String(params.missingProperty)], at: "value", message: "is missing" };
  if (keyword === "enum") {
    const allowed = (params.allowedValues as unknown[]).map(String);
    return {
      path,
      at: "value",
      message: `${quote(error.data)} is not allowed`,
      allowed,
      ...nearestOf(String(error.data), allowed),
    };
  }
  return { path, at: "value", ...messageOf(error, parent) };
}

interface ParentSchema {
  properties?: Record<string, unknown>;
  patternErrorMessage?: string;
  pattern?: string;
  oneOf?: { required?: string[] }[];
}

function messageOf(
  { keyword, params, data, message }: ErrorObject,
  parent: ParentSchema,
): { message: string; allowed?: string[] } {
  const { limit } = params;
  switch (keyword) {
    case "type":
      return { message: typeMessage([params.type].flat(), data) };
    case "pattern":
      return { message: patternMessage(parent) };
    case "minimum":
      return { message: `must be at least ${limit}` };
    case "maximum":
      return { message: `must be at most ${limit}` };
    case "exclusiveMinimum":
      return { message: `must be more than ${limit}` };
    case "exclusiveMaximum":
      return { message: `must be less than ${limit}` };
    case "minLength":
      return { message: limit === 1 ? "must not be empty" : `must have at least ${limit} characters` };
    case "maxLength":
      return { message: `must have at most ${limit} characters` };
    case "minItems":
      return { message: limit === 1 ? "must not be an empty list" : `must have at least ${limit} items` };
    case "maxItems":
      return { message: `must have at most ${limit} items` };
    case "uniqueItems":
      return {
        message: `says the same twice: items ${Math.min(params.i, params.j)} and ${Math.max(params.i, params.j)}, counted from 0`,
      };
    case "minProperties":
    case "maxProperties": {
      const bound = keyword === "minProperties" ? "at least" : "at most";
      return {
        message: `must have ${bound} ${limit === 1 ? "one field" : `${limit} fields`}`,
        allowed: Object.keys(parent.properties ?? {}),
      };
    }
    case "const":
      return { message: `must be ${quote(params.allowedValue)}` };
    case "format":
      return { message: `must be a valid ${params.format}` };
    case "oneOf":
      return alternativeMessage(parent, data);
    default:
      return { message: message ?? `does not obey \`${keyword}\`` };
  }
}

/** For alternatives that only say which field must be there. */
function alternativeMessage(parent: ParentSchema, data: unknown): { message: string; allowed?: string[] } {
  const fields = (parent.oneOf ?? []).flatMap(({ required }) => required ?? []);
  if (fields.length === 0) return { message: "fits none, or more than one, of the allowed forms" };
  const given = fields.filter((field) => field in (data as object));
  if (given.length > 1)
    return {
      message: `has ${given.map((field) => `\`${field}\``).join(" and ")}, which exclude each other`,
      allowed: fields,
    };
  return { message: "needs exactly one of these fields", allowed: fields };
}

function typeMessage(types: string[], data: unknown): string {
  const wanted = types.map((type) => TYPE_WORDS[type] ?? type).join(" or ");
  const isScalar = typeof data === "boolean" || typeof data === "number";
  const found = data === null ? "is empty" : `is ${TYPE_WORDS[Array.isArray(data) ? "array" : typeof data]}`;
  return `must be ${wanted}, but ${found}${types.includes("string") && isScalar ? "; write it in quotes" : ""}`;
}

const TYPE_WORDS: Record<string, string> = {
  string: "text",
  number: "a number",
  integer: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
};

function patternMessage(parent: ParentSchema): string {
  return parent.patternErrorMessage ?? `must match ${parent.pattern}`;
}

function nearestOf(word: string, allowed: string[]): { nearest?: string } {
  const nearest = findNearest(word, allowed);
  return nearest === undefined ? {} : { nearest };
}

function quote(value: unknown): string {
  return typeof value === "string" ? `"${value.slice(0, 80)}"` : (JSON.stringify(value)?.slice(0, 80) ?? String(value));
}

/** A JSON pointer as steps; a step is a number where the value is a list. */
function pathOf(pointer: string, root: unknown): (string | number)[] {
  let node = root;
  const steps = pointer
    .split("/")
    .slice(1)
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
  return steps.map((name) => {
    const step = Array.isArray(node) ? Number(name) : name;
    node = (node as Record<string | number, unknown> | undefined)?.[step];
    return step;
  });
}
