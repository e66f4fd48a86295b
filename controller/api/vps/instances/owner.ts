import type { ServerSpec } from "../../../../resources/spec.ts";
import { concerns, isAboutAll, mayAs, type Principal } from "../../../people/principal.ts";

/** Whose what somebody makes is: the first owner that they are about, or they themselves. */
export const ownerOf = ({ owners, email }: Pick<Principal, "owners" | "email">): string => owners?.[0] ?? email;

/** Whether an instance is there for somebody: all of them for admins of the whole fleet, and for everybody their own. */
export function isOwn(principal: Principal, spec: Pick<ServerSpec, "account" | "owner">): boolean {
  if (isAboutAll(principal)) return mayAs(principal, "admin") || spec.owner === principal.email;
  return concerns(principal, { account: spec.account, ...(spec.owner !== undefined && { owner: spec.owner }) });
}
