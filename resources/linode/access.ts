import type { Access, Call } from "../cloud.ts";
import { invalidAnswer, linode } from "./http.ts";

const PATH = "/v4/profile";
/** What a fleet needs, as scopes of a token; `read_write` of the same thing is more than `read_only`. */
const NEEDED = ["linodes:read_write", "firewall:read_write", "account:read_write", "events:read_only"];

/**
 * Whose token it is, by the one request that every token may make. Its scopes are in a header that real answers carry and the description does not
 * name, so that without it only the user's own rights are told.
 */
export async function readAccess(call: Call): Promise<Access> {
  const { body, headers } = await linode<{ username?: unknown; restricted?: unknown } | null>(call, {
    method: "GET",
    path: PATH,
  });
  if (typeof body?.username !== "string" || typeof body.restricted !== "boolean")
    throw invalidAnswer(call, "GET", PATH, "it is no profile");
  const user = body.restricted ? "what the grants of a restricted user allow" : "all that its scopes allow";
  const scopes = (headers.get("x-oauth-scopes") ?? "").split(/[\s,]+/).filter((scope) => scope !== "");
  const lacks = scopes.length === 0 || scopes.includes("*") ? [] : NEEDED.filter((scope) => !covers(scopes, scope));
  return {
    identity: body.username,
    may: scopes.length > 0 ? [...scopes, user] : [user],
    ...(lacks.length > 0 && { lacks }),
  };
}

const covers = (scopes: readonly string[], needed: string): boolean =>
  scopes.includes(needed) || scopes.includes(needed.replace(":read_only", ":read_write"));
