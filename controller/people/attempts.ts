import { createHash } from "node:crypto";
import { FleetError } from "../../resources/errors.ts";
import { emailKey } from "./email.ts";
import { sourceKey } from "./source.ts";
import type { AttemptKeys, AuditEntry, LockoutPolicy, PeopleStore, Rehashed } from "./types.ts";

export const LOCKOUT: LockoutPolicy = {
  failures: 5,
  firstWaitMs: 30_000,
  longestWaitMs: 15 * 60_000,
  sourceFailures: 30,
  sourceWindowMs: 15 * 60_000,
};

export interface Attempt {
  /** It was right: counts no more. With an entry for the audit log it was a sign-in. */
  good(user: string, audit?: AuditEntry, rehashed?: Rehashed): Promise<void>;
}

/** Guesses at passwords, of any kind. Whether a user exists makes no difference here. */
export class Attempts {
  readonly #store: PeopleStore;
  readonly #policy: LockoutPolicy;

  constructor(store: PeopleStore, policy: LockoutPolicy = LOCKOUT) {
    this.#store = store;
    this.#policy = policy;
  }

  /** @throws {FleetError} TOO_MANY with `retryAfterSeconds`, until when nothing is looked at, be it right or wrong. */
  async begin(email: string, source: string): Promise<Attempt> {
    return await this.#begin(
      { user: createHash("sha256").update(emailKey(email)).digest("hex"), source: sourceKey(source) },
      source,
    );
  }

  /** Of whomever it may be about. @throws {FleetError} TOO_MANY as `begin` */
  async beginFrom(source: string): Promise<Attempt> {
    return await this.#begin({ source: sourceKey(source) }, source);
  }

  async #begin(keys: AttemptKeys, source: string): Promise<Attempt> {
    const refusal = await this.#store.beginAttempt(keys, this.#policy);
    if (refusal !== undefined) {
      const retryAfterSeconds = Math.max(1, Math.ceil(refusal.waitMs / 1000));
      if (refusal.isFirst)
        await this.#store.audit({ action: "sign-in.locked", source, data: { by: refusal.by, retryAfterSeconds } });
      const whose = refusal.by === "source" ? "from this address" : "of this user";
      throw new FleetError(
        "TOO_MANY",
        `too many sign-ins ${whose} have failed: come again in ${spoken(retryAfterSeconds)}`,
        { retryAfterSeconds },
      );
    }
    return { good: (user, audit, rehashed) => this.#store.endAttempt(user, keys, audit, rehashed) };
  }
}

function spoken(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  return `${Math.ceil(seconds / 60)} min`;
}
