import type { Context } from "hono";
import { type Body, jsonBody } from "../body.ts";
import { badRequest, LinodeError, type Reason } from "./errors.ts";

export type { Body };

/** The JSON object of a request; `{}` when there is no body. */
export const readBody = (c: Context): Promise<Body> => jsonBody(c, (fault) => badRequest(`${fault}.`));

/** Reads the fields of a body and gathers everything that is wrong with them. null counts as absent. */
export class Fields {
  readonly body: Body;
  readonly reasons: Reason[] = [];

  constructor(body: Body) {
    this.body = body;
  }

  has(field: string): boolean {
    return this.body[field] !== undefined && this.body[field] !== null;
  }

  fail(field: string, reason: string): void {
    this.reasons.push({ reason, field });
  }

  require(field: string): void {
    if (!this.has(field)) this.fail(field, `${field} is required`);
  }

  string(
    field: string,
    rule: { min?: number; max?: number; pattern?: RegExp; help?: string } = {},
  ): string | undefined {
    if (!this.has(field)) return undefined;
    const value = this.body[field];
    if (typeof value !== "string") return this.#wrong(field, "Must be of type String");
    const { min = 0, max = Number.MAX_SAFE_INTEGER, pattern, help } = rule;
    if (value.length < min || value.length > max) this.fail(field, `Length must be ${min}-${max} characters`);
    else if (pattern && !pattern.test(value)) this.fail(field, help ?? "Format is invalid");
    return value;
  }

  boolean(field: string): boolean | undefined {
    if (!this.has(field)) return undefined;
    const value = this.body[field];
    return typeof value === "boolean" ? value : this.#wrong(field, "Must be of type Boolean");
  }

  integer(field: string): number | undefined {
    if (!this.has(field)) return undefined;
    const value = this.body[field];
    return Number.isInteger(value) ? (value as number) : this.#wrong(field, "Must be of type Integer");
  }

  object(field: string): Body | undefined {
    if (!this.has(field)) return undefined;
    const value = this.body[field];
    return typeof value === "object" && !Array.isArray(value)
      ? (value as Body)
      : this.#wrong(field, "Must be an object");
  }

  strings(field: string): string[] | undefined {
    return this.#list(field, (item) => typeof item === "string", "Must be a list of strings") as string[] | undefined;
  }

  integers(field: string): number[] | undefined {
    return this.#list(field, Number.isInteger, "Must be a list of integers") as number[] | undefined;
  }

  tags(field = "tags"): string[] | undefined {
    const tags = this.strings(field);
    if (tags?.some((tag) => tag.length < 3 || tag.length > 50)) this.fail(field, "Length must be 3-50 characters");
    return tags && [...new Map(tags.map((tag) => [tag.toLowerCase(), tag])).values()];
  }

  /** @throws {LinodeError} 400 with all that was found. */
  done(): void {
    if (this.reasons.length > 0) throw new LinodeError(400, this.reasons);
  }

  #list(field: string, fits: (item: unknown) => boolean, reason: string): unknown[] | undefined {
    if (!this.has(field)) return undefined;
    const value = this.body[field];
    return Array.isArray(value) && value.every(fits) ? value : this.#wrong(field, reason);
  }

  #wrong(field: string, reason: string): undefined {
    this.fail(field, reason);
    return undefined;
  }
}

/** Labels of Linodes and firewalls: letters, digits, `-`, `_`, `.`, none of the last three doubled. */
export const LABEL = /^[a-zA-Z]((?!--|__|\.\.)[a-zA-Z0-9-_.])+$/;
export const LABEL_HELP =
  "Label must begin with a letter and hold only letters, numbers, single dashes, underscores and periods";
export const SSH_KEY = /^(ssh-(rsa|dss|ed25519)|ecdsa-sha2-nistp\d+|sk-(ssh|ecdsa)-\S+) [A-Za-z0-9+/]+=*( .*)?$/;
