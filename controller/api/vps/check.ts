import { Ajv2020, type ErrorObject } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { Refusal } from "../dialect/refusal.ts";
import type { QueryParameter, Schema } from "./route.ts";

// The plugin is a CommonJS default export, which types see as a namespace.
const addFormats = formats as unknown as (ajv: Ajv2020) => Ajv2020;

const ajv = addFormats(new Ajv2020({ strict: false, validateSchema: false }));

/** A check of bodies. @throws {Refusal} invalid, naming the field; what was given for it is not repeated, because it may be a secret. */
export function bodyCheck(schema: Schema): (body: unknown) => unknown {
  const isValid = ajv.compile(schema);
  return (body) => {
    if (isValid(body)) return body;
    throw fault(isValid.errors![0]!, "the body");
  };
}

/** A check of queries. Those that are not known are ignored, as clients send what they like; one that comes twice counts as it came first. */
export function queryCheck(parameters: readonly QueryParameter[]): (query: URLSearchParams) => object {
  const isValid = ajv.compile({
    type: "object",
    properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
  });
  return (query) => {
    const given = parameters.flatMap(({ name }) => {
      const value = query.get(name);
      return value === null || value === "" ? [] : [[name, value] as const];
    });
    const values = Object.fromEntries(given);
    if (isValid(values)) return values;
    throw fault(isValid.errors![0]!, "the query");
  };
}

function fault({ instancePath, params, message = "is wrong" }: ErrorObject, whole: string): Refusal {
  const missing = (params as { missingProperty?: string }).missingProperty;
  const steps = [...instancePath.split("/").slice(1), ...(missing === undefined ? [] : [missing])];
  const choices = (params as { allowedValues?: unknown[] }).allowedValues;
  const says =
    missing !== undefined ? "is missing" : choices === undefined ? message : `must be one of ${choices.join(", ")}`;
  if (steps.length === 0) return new Refusal("malformed", `${whole} ${says}`);
  const field = steps.map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~")).join(".");
  return new Refusal("invalid", `${field} ${says}`, { field });
}
