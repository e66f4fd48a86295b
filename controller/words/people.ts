import type { Standing, Who } from "../people/types.ts";

/** `operator for the accounts a, b and the owners c`. */
export function renderStanding({ role, accounts, owners }: Standing): string {
  const parts = [accounts && scope("accounts", accounts), owners && scope("owners", owners)].filter(Boolean);
  return parts.length === 0 ? role : `${role} for ${parts.join(" and ")}`;
}

/** `ada@example.org (api-key Zx81…)` */
export function actorWords(who: Who | undefined): string {
  if (who === undefined) return "nobody known";
  return `${who.email} (${who.via}${who.key === undefined ? "" : ` ${who.key}`})`;
}

const scope = (what: string, names: readonly string[]): string =>
  names.length === 0 ? `no ${what}` : `the ${what} ${names.join(", ")}`;
