import type { MiddlewareHandler } from "hono";
import type { Dialect } from "../../changes/call.ts";
import type { Desired } from "../../reconcile/desired.ts";
import { noRoute } from "../no-route.ts";
import { Refusal } from "./refusal.ts";

/**
 * Lets requests pass to a dialect that the fleet has a policy for; others are told that there is no such route. Until the fleet was read nobody knows,
 * and callers are not told that what they look for has gone.
 */
export const whileMounted =
  (dialect: Dialect, service: { readonly desired: Pick<Desired, "fleet"> | undefined }): MiddlewareHandler =>
  async (c, next) => {
    const { desired } = service;
    if (desired === undefined) throw new Refusal("starting", "the service has not read the fleet yet: try again soon");
    return desired.fleet.policies.dialects?.[dialect] === undefined ? noRoute(c) : await next();
  };
