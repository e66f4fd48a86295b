import { FleetError } from "../../resources/errors.ts";
import type { Attempts } from "./attempts.ts";
import { type Hasher, isOutdated, isPassword, rehash } from "./passwords.ts";
import type { PeopleStore, StoredUser } from "./types.ts";

export interface Credentials {
  email: string;
  password: string;
  /** Address that it comes from. */
  source: string;
}

/**
 * Who has this mail address and password. The same work and the same answer whether the user is unknown, disabled, has no password or
 * another.
 * @throws {FleetError} UNAUTHENTICATED; TOO_MANY with `retryAfterSeconds`
 */
export async function signIn(
  { store, hasher, attempts }: { store: PeopleStore; hasher: Hasher; attempts: Attempts },
  { email, password, source }: Credentials,
): Promise<Omit<StoredUser, "hash">> {
  const attempt = await attempts.begin(email, source);
  const found = await store.user({ email });
  const isRight = await isPassword(found?.hash, password, hasher);
  if (!isRight || !found?.enabled) {
    // What was typed is kept of nobody unknown: people type passwords into the wrong field.
    const whose = found === undefined ? {} : { object: `user ${found.email}` };
    const why = found === undefined ? "unknown user" : found.enabled ? "wrong password" : "disabled";
    await store.audit({ action: "sign-in.failed", ...whose, source, data: { why } });
    throw new FleetError("UNAUTHENTICATED", "the mail address or the password is wrong, or the user is disabled");
  }
  const { hash: hashed, ...user } = found;
  const rehashed = isOutdated(hashed!) ? { from: hashed!, to: await rehash(password, hasher) } : undefined;
  const who = { id: user.id, email: user.email, via: "password" } as const;
  await attempt.good(user.id, { who, action: "sign-in", object: `user ${user.email}`, source }, rehashed);
  return user;
}

/** A sign-in that was going on when all of the user's were ended. */
export const overtaken = (): FleetError =>
  new FleetError("UNAUTHENTICATED", "the password or the user was changed while you signed in: sign in again");
