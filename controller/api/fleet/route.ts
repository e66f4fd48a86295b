import type { Context } from "hono";
import type { Principal, Role } from "../../people/principal.ts";
import type { FleetApi } from "./api.ts";

/** JSON Schema 2020-12, as the description publishes it. */
export type Schema = Readonly<Record<string, unknown>>;

export interface Parameter {
  name: string;
  in: "path" | "query" | "header";
  description: string;
  schema: Schema;
  /** Those in a path always are. */
  required?: true;
}

/** One kind of answer. Without a schema it has no body. */
export interface Described {
  description: string;
  schema?: Schema;
  /** Default: `application/json`. */
  type?: string;
  headers?: Readonly<Record<string, string>>;
}

export interface Answer {
  /** Default: 200. */
  status?: number;
  body?: unknown;
  headers?: Readonly<Record<string, string>>;
  /** What stands for the body when the request comes again: what is told only once is not in it. */
  kept?: unknown;
}

/** How a mutation is asked for. */
export interface Mutation {
  /** Of this principal alone: two people may use the same. */
  key: string;
  /** Only tell what would become of it. */
  dryRun: boolean;
  /** How long the answer may wait for the end of what it begins; 0: not at all. Milliseconds. */
  waitMs: number;
}

/** A request that is as described, from somebody who may ask for it. */
export interface Call<Parameters, Body = unknown> {
  principal: Principal;
  parameters: Parameters;
  body: Body;
  /** Absent for what only reads. */
  mutation?: Mutation;
  /** The address that it comes from. */
  source: string;
  /** Aborts when the caller has gone, or waits too long. */
  signal: AbortSignal;
  context: Context;
}

interface About {
  /** Unique; what generated clients call it. */
  id: string;
  method: "get" | "post" | "put" | "patch" | "delete";
  /** `/fleet/v1/servers/{name}`. */
  path: string;
  tag: string;
  summary: string;
  description?: string;
  parameters?: readonly Parameter[];
  /** Of the body, which is JSON. */
  body?: Schema;
  /** By status. Problems need not be told. */
  answers: Readonly<Record<number, Described>>;
}

/** A request of whoever it is. */
export interface OpenCall<Body = unknown> {
  context: Context;
  body: Body;
  /** The address that it comes from. */
  source: string;
}

/** For anybody, whether or not it is known who. */
interface OpenRoute<Body> extends About {
  role: "anyone";
  run(api: FleetApi, call: OpenCall<Body>): Answer | Response | Promise<Answer | Response>;
}

interface RoleRoute<Parameters, Body> extends About {
  /** The least that may ask. */
  role: Role;
  /** Done once under its Idempotency-Key. Changes see to that themselves. */
  once?: true;
  run(api: FleetApi, call: Call<Parameters, Body>): Answer | Response | Promise<Answer | Response>;
}

/** One line of the table that registration, checks, roles and the description are made from. */
export type Route = OpenRoute<never> | RoleRoute<never, never>;

/** A route whose parameters and body are of these types: the schemas beside it see to that. */
export const route = <Parameters = unknown, Body = unknown>(one: RoleRoute<Parameters, Body>): Route => one;

/** The same for those that anybody may ask for. */
export const openRoute = <Body = unknown>(one: OpenRoute<Body>): Route => one;

/** Signing in is none: it changes nothing of the fleet, and whoever has lost the answer does it again. */
export const isMutation = ({ method, role }: Pick<Route, "method" | "role">): boolean =>
  method !== "get" && role !== "anyone";

/** The parameters that every mutation has, beside its own. */
export const MUTATION_PARAMETERS: readonly Parameter[] = [
  {
    name: "Idempotency-Key",
    in: "header",
    required: true,
    description: "Names this request for good: sent again with the same key, it does nothing a second time.",
    schema: { type: "string", pattern: "^[\\x21-\\x7e]{8,200}$" },
  },
  {
    name: "Prefer",
    in: "header",
    description: "`wait=N` waits up to N seconds (at most 60) for the end, where it would be 202.",
    schema: { type: "string", maxLength: 200 },
  },
  {
    name: "dryRun",
    in: "query",
    description: "Only tells what would become of it.",
    schema: { type: "boolean", default: false },
  },
];

export const parametersOf = (one: Route): readonly Parameter[] => [
  ...(one.parameters ?? []),
  ...(isMutation(one) ? MUTATION_PARAMETERS : []),
];
