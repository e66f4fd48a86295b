import { mayAs, type Principal } from "../people/principal.ts";
import type { Change } from "./types.ts";

/** Whoever has opened a change may execute it once it is approved, and give it up; others need a role for it. */
export const mayTake = (principal: Pick<Principal, "id" | "role">, { openedBy }: Pick<Change, "openedBy">): boolean =>
  openedBy === principal.id || mayAs(principal, "operator");
