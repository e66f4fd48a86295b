import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import { Refusal } from "../dialect/refusal.ts";
import type { SpotRoute } from "./route.ts";

/** How requests of one route are checked. */
export interface SpotCheck {
  /** @throws {Refusal} invalid */
  parameters(values: Record<string, string | undefined>): unknown;
  /** @throws {Refusal} malformed, invalid */
  body(value: unknown): unknown;
}

/** A checker for each route, by its own schemas: what is published is what checks. */
export function spotChecks(): (route: SpotRoute) => SpotCheck {
  const ajv = new Ajv2020({ strict: false });
  return ({ parameters = [], body }) => {
    const given = ajv.compile({
      type: "object",
      properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])),
      required: parameters.filter((one) => one.required || one.in === "path").map(({ name }) => name),
    });
    const whole = body && ajv.compile(body);
    return {
      parameters: (values) => checked(given, values),
      body: (value) => (whole === undefined ? undefined : checked(whole, value)),
    };
  };
}

function checked(isValid: ValidateFunction, value: unknown): unknown {
  if (isValid(value)) return value;
  throw faultOf(isValid.errors?.[0]);
}

function faultOf(error: ErrorObject | undefined): Refusal {
  const { missingProperty, allowedValues } = (error?.params ?? {}) as {
    missingProperty?: string;
    allowedValues?: unknown[];
  };
  if (missingProperty !== undefined)
    return new Refusal("malformed", `${missingProperty} is missing`, { field: missingProperty });
  const field = (error?.instancePath ?? "").slice(1).replaceAll("/", ".");
  const choice = allowedValues === undefined ? "" : `: ${allowedValues.join(", ")}`;
  return new Refusal(
    "invalid",
    `${field || "the body"} ${error?.message ?? "is wrong"}${choice}`,
    field ? { field } : {},
  );
}
