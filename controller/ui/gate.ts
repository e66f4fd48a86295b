import { FleetError } from "../../resources/errors.ts";
import type { Principal } from "../people/principal.ts";

/** Who comes in. */
export interface Gate {
  /** The value of the session's cookie, which nobody can guess. @throws {FleetError} UNAUTHENTICATED; TOO_MANY */
  signIn(email: string, password: string, source: string): Promise<{ cookie: string; maxAgeSeconds: number }>;
  /** Undefined when the session has ended, in whatever way. */
  who(cookie: string): Promise<Principal | undefined>;
  signOut(cookie: string, source: string): Promise<void>;
  /** Has it on record who did what. */
  audit(entry: { who: Principal; action: string; object: string; data?: unknown; source: string }): Promise<void>;
}

/** An object that somebody may not see is not there. */
export const notThere = (what: string): FleetError => new FleetError("NOT_FOUND", `there is no ${what}`, {});
