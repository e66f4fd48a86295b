import { isDeepStrictEqual } from "node:util";
import type { Account } from "../resources/cloud.ts";
import type { AccountSpec } from "../resources/spec.ts";

/**
 * One object for an account for as long as its file, its address and its credentials stay as they are: clouds that log in keep what they were given
 * by it, and would otherwise log in for each request.
 */
export function steadyAccounts(resolve: (spec: AccountSpec) => Account): (spec: AccountSpec) => Account {
  const known = new Map<string, Account>();
  return (spec) => {
    // Always read anew, so that a credential that was taken away or changed counts at once.
    const now = resolve(spec);
    const before = known.get(spec.name);
    if (before !== undefined && isSame(before, now)) return before;
    known.set(spec.name, now);
    return now;
  };
}

function isSame(before: Account, now: Account): boolean {
  return (
    before.endpoint === now.endpoint &&
    isDeepStrictEqual(before.spec, now.spec) &&
    isDeepStrictEqual({ ...before.credentials }, { ...now.credentials })
  );
}
