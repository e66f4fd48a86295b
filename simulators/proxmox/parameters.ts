import { badParameters } from "./errors.ts";
import type { Format } from "./formats.ts";

export interface Field {
  type: "string" | "integer" | "number" | "boolean";
  required?: boolean;
  minimum?: number;
  maximum?: number;
  maxLength?: number;
  enum?: readonly string[];
  pattern?: RegExp;
  format?: Format;
}

/** Fields of one call. A name like `net[n]` stands for net0, net1, … */
export type Fields = Readonly<Record<string, Field>>;

/** Parameters as they came, after a check; booleans as "1" or "0". */
export type Parameters = Readonly<Record<string, string>>;

/** @throws {PveError} 400 "Parameter verification failed." with a text per field. */
export function verify(fields: Fields, given: Readonly<Record<string, string>>): Parameters {
  const errors: Record<string, string> = {};
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) {
    const field = fields[name] ?? fields[name.replace(/\d+$/, "[n]")];
    if (!field) {
      errors[name] = "property is not defined in schema and the schema does not allow additional properties";
      continue;
    }
    const problem = problemOf(field, value);
    if (problem) errors[name] = problem;
    else checked[name] = value;
  }
  for (const [name, field] of Object.entries(fields)) {
    if (field.required && given[name] === undefined) errors[name] = "property is missing and it is not optional";
  }
  if (Object.keys(errors).length > 0) throw badParameters(errors);
  return checked;
}

function problemOf(field: Field, value: string): string | undefined {
  // Forms must say 1 or 0; the words that configuration files know are refused here.
  if (field.type === "boolean" && value !== "1" && value !== "0") {
    return `type check ('boolean') failed - got '${value}'`;
  }
  if (field.type === "integer" && !/^[+-]?\d+$/.test(value)) return `type check ('integer') failed - got '${value}'`;
  if (field.type === "number" && !/^[+-]?\d+(\.\d+)?$/.test(value)) {
    return `type check ('number') failed - got '${value}'`;
  }
  if (field.minimum !== undefined && Number(value) < field.minimum) {
    return `value must have a minimum value of ${field.minimum}`;
  }
  if (field.maximum !== undefined && Number(value) > field.maximum) {
    return `value must have a maximum value of ${field.maximum}`;
  }
  const invalid = field.format?.(value);
  if (invalid) return `invalid format - ${invalid}`;
  if (field.pattern && !field.pattern.test(value)) return "value does not match the regex pattern";
  if (field.maxLength !== undefined && value.length > field.maxLength) {
    return `value may only be ${field.maxLength} characters long`;
  }
  if (field.enum && !field.enum.includes(value)) {
    return `value '${value}' does not have a value in the enumeration '${field.enum.join(", ")}'`;
  }
  return undefined;
}
