import type { Access, Call } from "../cloud.ts";
import { invalidAnswer, vultr } from "./http.ts";

const PATH = "/v2/account";
const NEEDED = ["subscriptions", "provisioning", "upgrade", "firewall"];

/** Whose key it is, and its access controls. @see https://www.vultr.com/api/#tag/account */
export async function readAccess(call: Call): Promise<Access> {
  const { body } = await vultr<{ account?: { name?: unknown; acls?: unknown } } | null>(call, {
    method: "GET",
    path: PATH,
  });
  const { name, acls } = body?.account ?? {};
  if (!Array.isArray(acls) || !acls.every((acl) => typeof acl === "string"))
    throw invalidAnswer(call, "GET", PATH, "it holds no access controls");
  const lacks = NEEDED.filter((acl) => !acls.includes(acl));
  return { ...(typeof name === "string" && { identity: name }), may: acls, ...(lacks.length > 0 && { lacks }) };
}
