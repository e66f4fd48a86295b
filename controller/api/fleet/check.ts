import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import type { Description } from "./openapi.ts";
import { ApiError, type ProblemDetail } from "./problems.ts";
import { type Parameter, parametersOf, type Route } from "./route.ts";

// The plugin is a CommonJS default export, which types see as a namespace.
const addFormats = formats as unknown as (ajv: Ajv2020) => Ajv2020;

/** The description under an id of its own, so that a pointer into it is a schema. */
const DESCRIPTION = "urn:fleetwright:description";

const QUICK = { allErrors: true, strict: false, validateSchema: false, code: { optimize: false } } as const;

/** A validator of whatever schema of the description a JSON pointer leads to: what is published is what checks. */
export function pointedSchemas(description: Description): (pointer: string) => ValidateFunction {
  const ajv = addFormats(new Ajv2020(QUICK));
  ajv.addSchema({ ...description, $id: DESCRIPTION });
  const known = new Map<string, ValidateFunction>();
  return (pointer) => {
    const found = known.get(pointer) ?? ajv.compile({ $ref: `${DESCRIPTION}#${pointer}` });
    known.set(pointer, found);
    return found;
  };
}

/** A JSON pointer as a URI fragment takes it. */
export const pointerTo = (...parts: string[]): string =>
  parts.map((part) => `/${encodeURIComponent(part.replaceAll("~", "~0").replaceAll("/", "~1"))}`).join("");

/** How requests of one route are checked: parameters are texts and become what their schemas say, a body is taken as it is. */
export interface RequestCheck {
  /** @throws {ApiError} USAGE naming each wrong parameter. */
  parameters(given: Given): Record<string, unknown>;
  /** @throws {ApiError} USAGE with JSON pointers. */
  body(value: unknown): unknown;
}

export interface Given {
  path: Readonly<Record<string, string>>;
  query: URLSearchParams;
  header(name: string): string | undefined;
}

export function requestChecks(description: Description): (route: Route) => RequestCheck {
  const pointed = pointedSchemas(description);
  const ajv = addFormats(new Ajv2020({ ...QUICK, coerceTypes: "array", useDefaults: true }));
  return (route) => {
    const parameters = parametersOf(route);
    const queries = new Set(parameters.filter((one) => one.in === "query").map(({ name }) => name));
    // Made when it is first asked for: all of them together hold as much memory as a thousand servers.
    let compiled: ValidateFunction | undefined;
    const compile = () =>
      ajv.compile({
        type: "object",
        properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
        required: parameters.filter((one) => one.required || one.in === "path").map(({ name }) => name),
      });
    const bodyPointer = pointerTo(
      "paths",
      route.path,
      route.method,
      "requestBody",
      "content",
      "application/json",
      "schema",
    );
    return {
      parameters: (given) => {
        const unknown = [...new Set(given.query.keys())].filter((name) => !queries.has(name));
        if (unknown.length > 0)
          throw new ApiError("USAGE", `there is no parameter ${unknown.map(quoted).join(", ")} here`, {
            errors: unknown.map((parameter) => ({ parameter: parameter.slice(0, 100), detail: "is not known here" })),
          });
        const values: Record<string, unknown> = Object.fromEntries(parameters.flatMap((one) => givenOf(one, given)));
        compiled ??= compile();
        const isValid = compiled;
        if (isValid(values)) return values;
        const errors = (isValid.errors ?? []).map(parameterFault);
        throw new ApiError("USAGE", errors.map(({ parameter, detail }) => `${parameter}: ${detail}`).join("; "), {
          errors,
        });
      },
      body: (value) => {
        const check = pointed(bodyPointer);
        if (check(value)) return value;
        const errors = (check.errors ?? []).map(bodyFault);
        throw new ApiError("USAGE", "the body is not as described", { errors });
      },
    };
  };
}

/** A list is given by repeating its name. What is no list and comes twice is refused as a list by its schema. */
function givenOf({ name, in: place, schema }: Parameter, given: Given): [string, unknown][] {
  if (place === "path") return [[name, given.path[name]]];
  if (place === "header") {
    const value = given.header(name);
    return value === undefined ? [] : [[name, value]];
  }
  const values = given.query.getAll(name);
  if (values.length === 0) return [];
  return [[name, (schema as { type?: unknown }).type === "array" || values.length > 1 ? values : values[0]]];
}

const quoted = (text: string): string => JSON.stringify(text.slice(0, 100));

function parameterFault({ instancePath, params, message = "is wrong" }: ErrorObject): ProblemDetail {
  const missing = (params as { missingProperty?: string }).missingProperty;
  const parameter = missing ?? instancePath.split("/")[1] ?? "";
  return { parameter, detail: missing === undefined ? message + choices(params) : "is missing" };
}

function bodyFault({ instancePath, params, message = "is wrong" }: ErrorObject): ProblemDetail {
  const { additionalProperty, missingProperty } = params as { additionalProperty?: string; missingProperty?: string };
  const member = additionalProperty ?? missingProperty;
  const end = member === undefined ? "" : `/${member.replaceAll("~", "~0").replaceAll("/", "~1")}`;
  return { pointer: `#${encodeURI(instancePath + end)}`, detail: message + choices(params) };
}

function choices(params: object): string {
  const { allowedValues } = params as { allowedValues?: unknown[] };
  return allowedValues === undefined ? "" : `: ${allowedValues.join(", ")}`;
}
