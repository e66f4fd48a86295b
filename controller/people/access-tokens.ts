import { randomUUID } from "node:crypto";
import { errors, type JWTPayload, jwtVerify, SignJWT } from "jose";
import { FleetError } from "../../resources/errors.ts";
import type { TokenKeys } from "./token-keys.ts";

export const ACCESS_MS = 15 * 60_000;
const ALGORITHM = "HS256";
const TYPE = "at+jwt";
const TOLERANCE_SECONDS = 5;

/** What an access token says: whom it is about, and which sign-in it came from. What they may do is asked of the database. */
export interface AccessClaims {
  user: string;
  family: string;
}

/** Tokens of our own: signed with one key that nobody else has, by one algorithm whatever a token asks for. */
export class AccessTokens {
  readonly #keys: TokenKeys;
  readonly #fleetId: string;
  readonly #now: () => number;

  constructor(keys: TokenKeys, fleetId: string, now: () => number) {
    this.#keys = keys;
    this.#fleetId = fleetId;
    this.#now = now;
  }

  get issuer(): string {
    return `urn:fleetwright:${this.#fleetId}`;
  }

  get audience(): string {
    return `${this.issuer}:api`;
  }

  async sign({ user, family }: AccessClaims): Promise<{ token: string; expiresInSeconds: number }> {
    const { kid, secret } = await this.#keys.signing();
    const issuedAt = Math.floor(this.#now() / 1000);
    const expiresInSeconds = ACCESS_MS / 1000;
    const token = await new SignJWT({ sid: family })
      .setProtectedHeader({ alg: ALGORITHM, kid, typ: TYPE })
      .setSubject(user)
      .setIssuer(this.issuer)
      .setAudience(this.audience)
      .setJti(randomUUID())
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + expiresInSeconds)
      .sign(secret);
    return { token, expiresInSeconds };
  }

  /** @throws {FleetError} UNAUTHENTICATED */
  async verify(token: string): Promise<AccessClaims> {
    const { sub, sid } = await this.#payload(token);
    if (typeof sub !== "string" || typeof sid !== "string") throw refused("is not one of ours");
    return { user: sub, family: sid };
  }

  async #payload(token: string): Promise<JWTPayload> {
    try {
      const { payload } = await jwtVerify(token, async ({ kid }) => await this.#secret(kid), {
        algorithms: [ALGORITHM],
        typ: TYPE,
        issuer: this.issuer,
        audience: this.audience,
        requiredClaims: ["sub", "sid", "exp", "iat", "jti"],
        clockTolerance: TOLERANCE_SECONDS,
        currentDate: new Date(this.#now()),
      });
      return payload;
    } catch (error) {
      throw toRefusal(error);
    }
  }

  async #secret(kid: string | undefined): Promise<Uint8Array> {
    const key = kid === undefined ? undefined : await this.#keys.byId(kid);
    if (key === undefined) throw refused("was signed with a key that is not known any more");
    return key.secret;
  }
}

/** Every error of a check of a token, as one that says no more than its bearer may know. */
export function toRefusal(error: unknown): FleetError {
  if (error instanceof FleetError) return error;
  if (error instanceof errors.JWTExpired) return refused("has run out: get another with the refresh token", error);
  return refused("is not valid", error);
}

export const refused = (why: string, cause?: unknown): FleetError =>
  new FleetError("UNAUTHENTICATED", `the token ${why}`, {}, { cause });
