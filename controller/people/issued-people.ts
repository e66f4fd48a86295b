import { FleetError } from "../../resources/errors.ts";
import type { Issuer, IssuerClaims } from "./issuer.ts";
import type { Principal } from "./principal.ts";
import type { Recent } from "./recent.ts";
import { toPrincipal } from "./standing.ts";
import type { PeopleStore, User } from "./types.ts";

/**
 * People by tokens of the configured issuer. Its subject names a user for good once a token with the user's verified mail address was seen, so that an
 * address which goes to somebody else takes no user with it. Nobody is made a user by a token.
 */
export class IssuedPeople {
  readonly #parts: { store: PeopleStore; issuer: Issuer; recent: Recent };

  constructor(parts: { store: PeopleStore; issuer: Issuer; recent: Recent }) {
    this.#parts = parts;
  }

  /** @throws {FleetError} UNAUTHENTICATED, ISSUER_UNAVAILABLE */
  async principal(token: string, source: string): Promise<Principal> {
    const { issuer, recent } = this.#parts;
    const claims = await issuer.verify(token);
    const key = `issuer ${JSON.stringify(claims)}`;
    const user = await recent.get(key, () => this.#user(claims, source));
    if (user === undefined)
      throw new FleetError(
        "UNAUTHENTICATED",
        "the issuer knows you and this fleet does not, or has disabled you: an admin adds people",
      );
    return toPrincipal(user, "token");
  }

  async #user(claims: IssuerClaims, source: string): Promise<User | undefined> {
    const { store } = this.#parts;
    const { subject, email } = claims;
    const found = (await store.user({ subject })) ?? (email === undefined ? undefined : await store.user({ email }));
    const isSame = found !== undefined && (found.subject === undefined || found.subject === subject);
    if (!isSame || !found.enabled) {
      await store.audit({ action: "sign-in.refused", source, data: { subject, ...(email && { email }) } });
      return undefined;
    }
    const { hash: _, ...user } = found;
    const who = { id: user.id, email: user.email, via: "issuer" } as const;
    const object = `user ${user.email}`;
    if (user.subject === undefined)
      await store.changeUser(
        user.id,
        { subject },
        { who, action: "user.named-by-issuer", object, source, data: { subject } },
      );
    await store.noteIssued(user.id, claims.issuedAt, { who, action: "sign-in", object, source });
    return user;
  }
}
