import type { Access, Call } from "../cloud.ts";
import { sessionOf } from "./session.ts";

/** The roles that a login gives, and in which project: one request, or none where the account is logged in already. */
export async function readAccess(call: Call): Promise<Access> {
  const { user, project, roles } = await sessionOf(call);
  return {
    identity: `${user} in project ${project}`,
    may: roles.map((role) => `the role ${role}`),
    ...(roles.length === 0 && { lacks: ["a role in the project"] }),
  };
}
