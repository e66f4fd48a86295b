import type { Kind } from "../../../../schemas/index.ts";
import type { Wish } from "../../../changes/wishes.ts";
import { concerns, isAboutAll, mayAs, type Principal, type Role } from "../../../people/principal.ts";
import { ApiError, missing } from "../problems.ts";
import type { FleetView } from "../view.ts";

/** Whoever may write these could allow themselves anything. */
const FOR_ADMINS: ReadonlySet<Kind> = new Set(["Fleet", "Account", "Plan"]);

export const roleFor = (kind: Kind): Role => (FOR_ADMINS.has(kind) ? "admin" : "requester");

/**
 * Whether somebody may wish this: what is not theirs is not there for them, and nothing of theirs goes to others.
 * @throws {ApiError} FORBIDDEN, NOT_FOUND
 */
export function checkWish(view: FleetView, principal: Principal, wish: Wish): void {
  const { kind, name } = wish;
  if (!mayAs(principal, roleFor(kind)))
    throw new ApiError("FORBIDDEN", `a change of kind ${kind} is for the role ${roleFor(kind)}`);
  const object = "create" in wish ? undefined : view.object(kind, name);
  const isThere = object !== undefined && view.isWithin(principal, object);
  if (!("create" in wish) && !isThere) missing(`${kind} ${name}`);
  if (isAboutAll(principal)) return;
  if (kind !== "Server")
    throw new ApiError("FORBIDDEN", `a change of kind ${kind} is for those who are about all of the fleet`);
  if ("delete" in wish) return;
  const fields =
    "create" in wish ? wish.create : { account: object?.spec?.account, owner: object?.spec?.owner, ...wish.patch };
  const [account, owner] = [fields.account, fields.owner].map((value) =>
    typeof value === "string" ? value : undefined,
  );
  if (concerns(principal, { ...(account !== undefined && { account }), ...(owner !== undefined && { owner }) })) return;
  const { accounts, owners } = principal;
  const within = [accounts && `account: ${accounts.join(" or ")}`, owners && `owner: ${owners.join(" or ")}`];
  throw new ApiError("FORBIDDEN", `your servers have ${within.filter(Boolean).join(", ")}`);
}
