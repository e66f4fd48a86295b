import type { FleetErrorCode } from "../../resources/errors.ts";
import type { DialectPolicies } from "../../resources/spec.ts";
import type { Kind } from "../../schemas/index.ts";
import type { Overrides } from "../reconcile/guards.ts";

/** A documented service that is answered beside the API. */
export type Dialect = keyof DialectPolicies;

/** What a caller of a dialect may ask for. `port` also attaches one; `account` is for admins. */
export type CallOp =
  | "create"
  | "power"
  | "restart"
  | "delete"
  | "snapshot"
  | "delete-snapshot"
  | "move"
  | "launch"
  | "port"
  | "firewall"
  | "account";

/** What a change is that a dialect's caller has asked for: its policy approves exactly this, or it is closed at once. */
export interface DialectCall {
  dialect: Dialect;
  op: CallOp;
  /** All that the call names. */
  objects: readonly CallObject[];
  /** Whose servers its limits are about; absent: those of nobody. */
  owner?: string;
}

export interface CallObject {
  kind: Kind | "AggregateHost";
  name: string;
}

/** A delete that names one server says itself that it is meant; how many an hour may be, its policy says. */
export const overridesOfCall = (call: Pick<DialectCall, "op"> | undefined): Overrides | undefined =>
  call?.op === "delete" ? { allowReplace: [], allowRemovals: 1 } : undefined;

/** Why a call has come to nothing. */
export interface CallRefusal {
  code: FleetErrorCode;
  message: string;
}
