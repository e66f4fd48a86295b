import type { Principal } from "../../people/principal.ts";
import type { Parameter, Schema } from "../fleet/route.ts";
import type { SpotAnswer } from "./answers.ts";
import type { SpotApi } from "./api.ts";

/** A request that is as described, from somebody who may ask for it. */
export interface SpotCall<Parameters, Body> {
  by: Principal;
  /** Of path and query. */
  parameters: Parameters;
  body: Body;
  /** Aborts when the caller has gone or waits too long. */
  signal: AbortSignal;
}

interface SpotRouteOf<Parameters, Body> {
  /** As in the document's list of endpoints, without the service's name: `aggregates.by-gpu`. */
  id: string;
  method: "get" | "post";
  /** `/api/aggregates/{gpu_type}`. */
  path: string;
  summary: string;
  description?: string;
  parameters?: readonly Parameter[];
  /** Of the JSON body. */
  body?: Schema;
  /** Of `data` in a success; absent where the answer has a message only. */
  data?: Schema;
  /** Changes something without a change of the fleet. */
  alters?: true;
  run(api: SpotApi, call: SpotCall<Parameters, Body>): Promise<SpotAnswer>;
}

/** One line of the table that registration, checks and the description are made from. */
export type SpotRoute = SpotRouteOf<never, never>;

/** A route whose parameters and body are of these types: the schemas beside it see to that. */
export const spotRoute = <Parameters = unknown, Body = unknown>(one: SpotRouteOf<Parameters, Body>): SpotRoute => one;

/** A body of these members, all of them needed; others are not looked at. */
export const bodyOf = (members: Readonly<Record<string, Schema>>, required = Object.keys(members)): Schema => ({
  type: "object",
  properties: members,
  required,
});

/** An answer of exactly these members. */
export const objectOf = (members: Readonly<Record<string, Schema>>): Schema => ({
  type: "object",
  properties: members,
  required: Object.keys(members),
  additionalProperties: false,
});

export const listOf = (items: Schema): Schema => ({ type: "array", items });

/** A name at a cloud, as it comes in a request. */
export const NAME: Schema = { type: "string", minLength: 1, maxLength: 255, pattern: "^[^\\u0000-\\u001f\\u007f]+$" };
export const TEXT: Schema = { type: "string" };
export const FLAG: Schema = { type: "boolean" };
export const COUNT: Schema = { type: "integer", minimum: 0 };
