import { FleetError } from "../../resources/errors.ts";
import { isDeeperThan } from "./fleet/depth.ts";

/** Bytes that a body may have. */
export const MOST_BODY_BYTES = 1024 * 1024;
/** As deep as a fleet file may be. */
const DEEPEST_BODY = 50;

/** `/fleet/v1/servers/{name}` as the router has it. */
export const honoPath = (path: string): string => path.replace(/\{(\w+)\}/g, ":$1");

/** Nothing here is for another site, a cache in between or a browser that guesses types. */
export function secure({ headers }: Pick<Response, "headers">): void {
  headers.set("x-content-type-options", "nosniff");
  headers.set("referrer-policy", "no-referrer");
  headers.set("cross-origin-resource-policy", "same-origin");
  headers.set("x-frame-options", "DENY");
  if (!headers.has("content-security-policy"))
    headers.set("content-security-policy", "default-src 'none'; frame-ancestors 'none'");
  if (!headers.has("cache-control")) headers.set("cache-control", "no-store");
}

class Refused extends Error {}

/** A body that came from anywhere. @throws {FleetError} USAGE, without anything of the body, which may hold secrets */
export function parseBody(text: string): unknown {
  try {
    const body: unknown = JSON.parse(text, (key, value: unknown) => {
      if (key === "__proto__") throw new Refused("a member may not be called __proto__");
      return value;
    });
    if (isDeeperThan(DEEPEST_BODY, body)) throw new Refused(`the body has more than ${DEEPEST_BODY} levels`);
    return body;
  } catch (cause) {
    // What the parser says repeats a part of the body, which may be a secret.
    throw new FleetError("USAGE", cause instanceof Refused ? cause.message : "the body is no JSON");
  }
}
