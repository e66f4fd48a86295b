import type { Access, Call } from "../cloud.ts";
import { digitalocean, invalidAnswer } from "./http.ts";

const PATH = "/v2/account";

/**
 * Whose token it is. No request tells a token's scopes; but what one without `droplet:read` must not see is left out of the account.
 * @see https://docs.digitalocean.com/reference/api/digitalocean/#tag/Account
 */
export async function readAccess(call: Call): Promise<Access> {
  const { body } = await digitalocean<{ account?: Record<string, unknown> } | null>(call, {
    method: "GET",
    path: PATH,
  });
  const account = body?.account;
  if (typeof account?.uuid !== "string") throw invalidAnswer(call, "GET", PATH, "it holds no account");
  const { email, status, droplet_limit: limit, team } = account;
  const teamName = (team as { name?: unknown } | undefined)?.name;
  const lacks = [
    ...(typeof limit === "number" ? [] : ["droplet:read"]),
    ...(status === "locked" ? ["an account that is not locked"] : []),
  ];
  return {
    identity: [email, teamName && `team ${teamName}`].filter(Boolean).join(", ") || account.uuid,
    may: ["account:read", ...(typeof limit === "number" ? ["droplet:read", `have ${limit} droplets`] : [])],
    ...(lacks.length > 0 && { lacks }),
  };
}
