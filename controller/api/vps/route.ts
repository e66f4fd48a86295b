import type { Context } from "hono";
import type { Principal } from "../../people/principal.ts";
import type { VpsApi } from "./api.ts";

/** JSON Schema 2020-12. */
export type Schema = Readonly<Record<string, unknown>>;

export interface QueryParameter {
  name: string;
  description: string;
  schema: Schema;
}

/** A request that is as described, from somebody who may ask for it. */
export interface VpsCall<Body = unknown, Query = Readonly<Record<string, string | undefined>>> {
  principal: Principal;
  /** Of the path: a UUID. */
  id: string;
  query: Query;
  body: Body;
  /** The address that it comes from. */
  source: string;
  /** Aborts when the caller has gone, or waits too long. */
  signal: AbortSignal;
  context: Context;
}

export interface VpsAnswer {
  /** Default: the route's own. */
  status?: number;
  body: unknown;
  /** Id of the change that the request became: it goes into a header. */
  change?: string;
}

interface About {
  /** Unique; what generated clients call it. */
  id: string;
  method: "get" | "post" | "put" | "delete";
  /** `/api/vps/{id}`. */
  path: string;
  /** What it is about, in the description. */
  tag: string;
  /** Whether the document has it, or it is an addition of ours. */
  documented: boolean;
  /** For admins only. */
  admin: boolean;
  summary: string;
  description?: string;
  query?: readonly QueryParameter[];
  /** Of the body, which is JSON. Members that it does not name are ignored. */
  body?: Schema;
  answer: { status: number; description: string; schema: Schema };
}

interface TypedRoute<Body, Query> extends About {
  run(api: VpsApi, call: VpsCall<Body, Query>): Promise<VpsAnswer>;
}

/** One line of the table that registration, checks and the description are made from. */
export type VpsRoute = TypedRoute<never, never>;

/** A route whose body and query are of these types: the schemas beside it see to that. */
export const vpsRoute = <Body = unknown, Query = Readonly<Record<string, string | undefined>>>(
  one: TypedRoute<Body, Query>,
): VpsRoute => one;
