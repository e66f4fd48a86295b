import { type Principal, ROLES } from "./principal.ts";
import type { ApiKey, Standing, User } from "./types.ts";

/** Whether one may do nothing that the other may not. */
export function isWithin(less: Standing, more: Standing): boolean {
  return (
    ROLES.indexOf(less.role) <= ROLES.indexOf(more.role) &&
    isPart(less.accounts, more.accounts) &&
    isPart(less.owners, more.owners)
  );
}

/** What both may do. */
export function leastOf(one: Standing, other: Standing): Standing {
  const role = ROLES[Math.min(ROLES.indexOf(one.role), ROLES.indexOf(other.role))]!;
  return { role, ...scopes(common(one.accounts, other.accounts), common(one.owners, other.owners)) };
}

/** Whoever may do everything, to everything. */
export const isWholeAdmin = ({ role, accounts, owners }: Standing): boolean =>
  role === "admin" && accounts === undefined && owners === undefined;

export function toPrincipal({ id, name, email, ...standing }: User, via: Principal["via"], key?: ApiKey): Principal {
  const { role, accounts, owners } = key === undefined ? standing : leastOf(key, standing);
  return { id, name, email, role, ...scopes(accounts, owners), via, ...(key && { key: key.id }) };
}

/** Only those that there are: an absent one is about all. */
export function scopes(
  accounts: readonly string[] | null | undefined,
  owners: readonly string[] | null | undefined,
): Pick<Standing, "accounts" | "owners"> {
  return { ...(accounts && { accounts }), ...(owners && { owners }) };
}

const isPart = (less: readonly string[] | undefined, more: readonly string[] | undefined): boolean =>
  more === undefined || (less?.every((name) => more.includes(name)) ?? false);

function common(
  one: readonly string[] | undefined,
  other: readonly string[] | undefined,
): readonly string[] | undefined {
  if (one === undefined || other === undefined) return one ?? other;
  return one.filter((name) => other.includes(name));
}
