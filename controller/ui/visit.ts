import type { Context } from "hono";
import type { FleetMemory } from "../api/fleet/memory.ts";
import type { StreamGround } from "../api/fleet/stream.ts";
import type { FleetView } from "../api/fleet/view.ts";
import type { SpotApi } from "../api/spot/api.ts";
import type { VpsApi } from "../api/vps/api.ts";
import type { Changes } from "../changes/changes.ts";
import type { People } from "../people/people.ts";
import { mayAs, type Principal, type Role } from "../people/principal.ts";
import type { Controller } from "../reconcile/context.ts";
import type { Gate } from "./gate.ts";
import type { Markup } from "./parts/markup.ts";

/** What pages are made from. */
export interface PageParts {
  controller: Controller;
  service: { readonly changes: Changes };
  memory: FleetMemory;
  gate: Gate;
  people: Pick<People, "users" | "keys" | "sessions" | "audit">;
  logger: { error(what: object, text: string): void };
  /** GPU hosts, while the fleet has a policy for them. */
  spot?: { isOn(): boolean; api: SpotApi };
  /** Providers of the multi-cloud VPS API, while the fleet has a policy for it. */
  vps?: { isOn(): boolean; api: VpsApi };
  /** Ends the streams. */
  stopping?: AbortSignal;
}

/** Places that the navigation leads to. */
export type Place =
  | "fleet"
  | "changes"
  | "drift"
  | "inventory"
  | "catalog"
  | "costs"
  | "stacks"
  | "runs"
  | "spot"
  | "accounts"
  | "users"
  | "audit";

export interface Page {
  title: string;
  /** Shown as where one is. */
  place?: Place;
  body: Markup;
  /** Default 200. */
  status?: 200 | 404 | 409 | 422;
}

/** One request of somebody who has signed in. */
export interface Visit {
  parts: PageParts;
  c: Context;
  who: Principal;
  /** For each form. */
  token: string;
  /** Address that the request comes from. */
  source: string;
  /** The last valid commit. @throws {FleetError} STORE_FAILED before the first */
  view(): Promise<FleetView>;
  /** What was sent by a form; empty for what is only read. */
  form: URLSearchParams;
  signal: AbortSignal;
  /** Of all streams of the page. */
  streams: StreamGround;
}

export const may = ({ who }: Pick<Visit, "who">, role: Role): boolean => mayAs(who, role);
