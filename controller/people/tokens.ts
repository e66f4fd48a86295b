import { randomUUID } from "node:crypto";
import { FleetError } from "../../resources/errors.ts";
import type { AccessTokens } from "./access-tokens.ts";
import type { Principal } from "./principal.ts";
import type { Recent } from "./recent.ts";
import { mint, readSecret } from "./secrets.ts";
import { overtaken } from "./sign-in.ts";
import { toPrincipal } from "./standing.ts";
import type { Lifetimes, PeopleStore, SignedIn, TokenFamily } from "./types.ts";

/** Of refresh tokens: since the last was given, and since the sign-in. */
const LIFETIMES: Lifetimes = { idleMs: 7 * 24 * 3600_000, absoluteMs: 30 * 24 * 3600_000 };

/** As a client is told, once. */
export interface IssuedTokens {
  accessToken: string;
  refreshToken: string;
  /** Of the access token. */
  expiresInSeconds: number;
}

interface Parts {
  store: PeopleStore;
  access: AccessTokens;
  recent: Recent;
}

/** Access tokens, and refresh tokens that get the next ones. */
export class Tokens {
  readonly #parts: Parts;
  readonly #lifetimes: Lifetimes;

  constructor(parts: Parts, lifetimes: Lifetimes = LIFETIMES) {
    this.#parts = parts;
    this.#lifetimes = lifetimes;
  }

  /** For somebody who has just signed in. @throws {FleetError} UNAUTHENTICATED as `Sessions.start` */
  async issue(user: SignedIn): Promise<IssuedTokens> {
    const { store, access } = this.#parts;
    const { text, ...refresh } = mint("refresh");
    const family = randomUUID();
    const { id, signOuts } = user;
    if (!(await store.addFamily({ id: family, user: { id, signOuts }, ...this.#lifetimes }, refresh)))
      throw overtaken();
    const { token, expiresInSeconds } = await access.sign({ user: user.id, family });
    return { accessToken: token, refreshToken: text, expiresInSeconds };
  }

  /**
   * The next tokens for a refresh token, which is worth nothing from then on. Used once more it ends the whole sign-in: somebody has stolen it.
   * @throws {FleetError} UNAUTHENTICATED
   */
  async refresh(refreshToken: string, source: string): Promise<IssuedTokens> {
    const { store, access, recent } = this.#parts;
    const given = readSecret("refresh", refreshToken);
    if (given === undefined) throw wrong("is not one");
    const { text, ...next } = mint("refresh");
    const reused = { action: "tokens.reused", source, data: { refresh: given.id } };
    const rotation = await store.rotate(given, next, this.#lifetimes.idleMs, reused);
    if (rotation === undefined) throw wrong("has run out or was revoked: sign in again");
    if (rotation.outcome === "reused") {
      recent.clear();
      throw wrong("was used before: this sign-in is over, for whoever has its other tokens as well");
    }
    const { token, expiresInSeconds } = await access.sign({ user: rotation.user.id, family: rotation.family });
    return { accessToken: token, refreshToken: text, expiresInSeconds };
  }

  /** Ends the sign-in that an access token or a refresh token came from. @throws {FleetError} UNAUTHENTICATED where it is none, or the sign-in is over. */
  async revoke(token: string, source: string): Promise<void> {
    const { store, access, recent } = this.#parts;
    const refresh = readSecret("refresh", token);
    const family = refresh
      ? await store.familyOf(refresh)
      : await access.verify(token).then(({ family, user }) => this.#alive(family, user));
    if (!family?.alive) throw wrong("has run out or was revoked");
    const { id, user } = family;
    const who = { id: user.id, email: user.email, via: "token" } as const;
    await store.revokeFamily(id, { who, action: "sign-out", object: `user ${user.email}`, source });
    recent.clear();
  }

  /** @throws {FleetError} UNAUTHENTICATED */
  async principal(accessToken: string): Promise<Principal> {
    const claims = await this.#parts.access.verify(accessToken);
    return toPrincipal((await this.#alive(claims.family, claims.user)).user, "token");
  }

  async #alive(id: string, user: string): Promise<TokenFamily> {
    const { store, recent } = this.#parts;
    const family = await recent.get(`family ${id}`, () => store.family(id));
    if (!family?.alive || family.user.id !== user || !family.user.enabled)
      throw new FleetError("UNAUTHENTICATED", "the sign-in of this token is over: sign in again");
    return family;
  }
}

const wrong = (why: string) => new FleetError("UNAUTHENTICATED", `the refresh token ${why}`);
