import { FleetError } from "../../resources/errors.ts";
import type { Issuer, IssuerClaims } from "./issuer.ts";
import type { Principal } from "./principal.ts";
import type { Recent } from "./recent.ts";
import { toPrincipal } from "./standing.ts";
import type { PeopleStore, StoredUser } from "./types.ts";

interface IssuedParts {
  store: PeopleStore;
  recent: Recent;
  /** Somebody whom the fleet does not know becomes a requester, about what is theirs and nothing else. Default false. */
  welcomes?: boolean;
}

/**
 * People by tokens of the configured issuer. Its subject names a user for good once a token with the user's verified mail address was seen, so that an
 * address which goes to somebody else takes no user with it. Nobody is made a user by a token, except where a documented service welcomes them.
 */
export class IssuedPeople {
  readonly #parts: IssuedParts;

  constructor(parts: IssuedParts) {
    this.#parts = parts;
  }

  /** By a token for the API. @throws {FleetError} UNAUTHENTICATED, ISSUER_UNAVAILABLE */
  async principal(issuer: Issuer, token: string, source: string): Promise<Principal> {
    const { store, recent, welcomes = false } = this.#parts;
    const claims = await issuer.verify(token);
    const user = await recent.get(`issuer ${welcomes} ${JSON.stringify(claims)}`, async () => {
      if (welcomes) await this.#welcome(claims, source);
      const found = await this.#user(claims, source);
      if (found === undefined) return undefined;
      const who = { id: found.id, email: found.email, via: "issuer" } as const;
      const entry = { who, action: "sign-in", object: `user ${found.email}`, source };
      await store.noteIssued(found.id, claims.issuedAt, entry);
      return found;
    });
    if (user === undefined) throw unknown();
    return toPrincipal(user, "token");
  }

  /** Whom the issuer's word is about. @throws {FleetError} UNAUTHENTICATED for nobody of this fleet */
  async known(claims: IssuerClaims, source: string): Promise<Omit<StoredUser, "hash">> {
    const user = await this.#user(claims, source);
    if (user === undefined) throw unknown();
    return user;
  }

  /** Adds whom neither subject nor verified mail address name. Somebody who is disabled stays so. */
  async #welcome({ subject, email }: IssuerClaims, source: string): Promise<void> {
    const { store } = this.#parts;
    if (email === undefined || (await store.user({ subject })) || (await store.user({ email }))) return;
    const wish = { name: email.split("@")[0]!, email, role: "requester", owners: [email] } as const;
    const data = { subject, role: wish.role, owners: wish.owners };
    const entry = { action: "user.welcomed", object: `user ${email}`, source, data };
    await store.addUser(wish, entry).catch((error: unknown) => {
      // Two first requests at once: both are of the same person.
      if (!(error instanceof FleetError) || error.code !== "CONFLICT") throw error;
    });
  }

  async #user(claims: IssuerClaims, source: string): Promise<Omit<StoredUser, "hash"> | undefined> {
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
    return user;
  }
}

const unknown = () =>
  new FleetError(
    "UNAUTHENTICATED",
    "the issuer knows you and this fleet does not, or has disabled you: an admin adds people",
  );
