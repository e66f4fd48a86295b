import { FleetError } from "../../resources/errors.ts";
import type { Principal } from "../people/principal.ts";

/** Who comes in. */
export interface Gate {
  /** The value of the session's cookie, which nobody can guess. @throws {FleetError} UNAUTHENTICATED; TOO_MANY */
  signIn(email: string, password: string, source: string): Promise<{ cookie: string; maxAgeSeconds: number }>;
  /** Signing in elsewhere, where the fleet's operator has set it up. */
  issuer?: IssuerGate;
  /** Undefined when the session has ended, in whatever way. */
  who(cookie: string): Promise<Principal | undefined>;
  signOut(cookie: string, source: string): Promise<void>;
  /** Has it on record who did what. */
  audit(entry: { who: Principal; action: string; object: string; data?: unknown; source: string }): Promise<void>;
}

export interface IssuerGate {
  /** As people know it. */
  readonly name: string;
  /** Where a browser goes with this secret. @throws {FleetError} ISSUER_UNAVAILABLE */
  begin(secret: string): Promise<URL>;
  /** It has come back with this answer. @throws {FleetError} UNAUTHENTICATED; TOO_MANY; ISSUER_UNAVAILABLE */
  finish(secret: string, answer: URLSearchParams, source: string): Promise<{ cookie: string; maxAgeSeconds: number }>;
}

/** An object that somebody may not see is not there. */
export const notThere = (what: string): FleetError => new FleetError("NOT_FOUND", `there is no ${what}`, {});
