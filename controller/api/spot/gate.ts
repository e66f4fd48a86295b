import type { Context } from "hono";
import { isLoopback } from "../../fleet/loopback.ts";
import type { ListenerEnv } from "../../listener.ts";
import { mayAs, type Principal } from "../../people/principal.ts";
import type { Authenticate } from "../fleet/api.ts";
import { sourceOf } from "../source.ts";

/** Somebody who may not ask at all, whatever it is. */
export class GateRefusal extends Error {
  readonly status: 401 | 403;

  constructor(status: 401 | 403, message: string) {
    super(message);
    this.name = "GateRefusal";
    this.status = status;
  }
}

/** What a request that brings no token is: the service acts by itself, as documented. */
export const SYSTEM: Principal = {
  id: "00000000-0000-4000-8000-000000000000",
  name: "system",
  email: "system@fleetwright.invalid",
  role: "operator",
  via: "token",
};

/**
 * Who may ask. Without a token only whoever is on this machine: the listener and the name that it was asked under are this machine's. Anybody else
 * needs an admin's token, and so does everybody where the fleet says `gate: admin`. A page of another site never gets through, with or without one.
 * @throws {GateRefusal}
 */
export async function callerOf(c: Context, gate: "admin" | undefined, authenticate: Authenticate): Promise<Principal> {
  refuseForeignPages(c);
  const isLocal = (c.env as ListenerEnv | undefined)?.loopback === true && isLoopback(hostOf(c));
  if (isLocal && gate === undefined) return SYSTEM;
  const principal = await authenticate(c.req.raw.headers, sourceOf(c));
  if (principal === undefined)
    throw new GateRefusal(401, "from here it takes an admin's token: Authorization: Bearer …");
  if (!mayAs(principal, "admin"))
    throw new GateRefusal(403, `this takes the role admin, and yours is ${principal.role}`);
  return principal;
}

/** A browser says where a page is from; programs say nothing. */
function refuseForeignPages(c: Context): void {
  const site = c.req.header("sec-fetch-site");
  if (site !== undefined && site !== "same-origin" && site !== "none")
    throw new GateRefusal(403, "a page of another site may not ask this");
  const origin = c.req.header("origin");
  if (origin !== undefined && !isSame(origin, c.req.header("host") ?? ""))
    throw new GateRefusal(403, "a page of another origin may not ask this");
}

const isSame = (origin: string, host: string): boolean =>
  URL.canParse(origin) && host !== "" && new URL(origin).host === host.toLowerCase();

/** Without its port. */
function hostOf(c: Context): string {
  const host = c.req.header("host") ?? "";
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : "";
}
