import { createRemoteJWKSet, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from "jose";
import { FleetError } from "../../resources/errors.ts";
import { isLoopback } from "../fleet/loopback.ts";
import { refused, toRefusal } from "./access-tokens.ts";

export const ISSUER = "FLEETWRIGHT_OIDC_ISSUER";
const AUDIENCE = "FLEETWRIGHT_OIDC_AUDIENCE";
const JWKS_URL = "FLEETWRIGHT_OIDC_JWKS_URL";

/** Signatures that need no secret of ours: with HS256 the issuer's public key would be one. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];
const TIMEOUT_MS = 5_000;
const TOLERANCE_SECONDS = 30;

export interface IssuerSettings {
  issuer: string;
  audience: string;
  /** Default: where the issuer's own description says. */
  jwksUrl?: string;
}

/** Whom a token of the issuer is about. */
export interface IssuerClaims {
  /** The same person whatever the mail address is; names the issuer as well. */
  subject: string;
  /** Only where the issuer has verified it. */
  email?: string;
  /** Seconds since 1970 when the token was made. */
  issuedAt: number;
}

/** Undefined where none is configured, or only for signing in to the page. @throws {FleetError} USAGE */
export function issuerSettings(
  environment: Readonly<Record<string, string | undefined>>,
  isLogin: boolean,
): IssuerSettings | undefined {
  const { [ISSUER]: issuer, [AUDIENCE]: audience, [JWKS_URL]: jwksUrl } = environment;
  if (!issuer || (!audience && isLogin)) return undefined;
  if (!audience)
    throw new FleetError("USAGE", `${ISSUER} is set and ${AUDIENCE} is not: tokens made for others would be taken`);
  for (const [name, url] of [[ISSUER, issuer] as const, ...(jwksUrl ? [[JWKS_URL, jwksUrl] as const] : [])])
    checkUrl(name, url);
  return { issuer, audience, ...(jwksUrl && { jwksUrl }) };
}

/** Tokens that a configured issuer has signed, checked with the keys that it publishes. */
export class Issuer {
  readonly settings: IssuerSettings;
  readonly #now: () => number;
  #keys: Promise<JWTVerifyGetKey> | undefined;

  constructor(settings: IssuerSettings, now: () => number) {
    this.settings = settings;
    this.#now = now;
  }

  /** @throws {FleetError} UNAUTHENTICATED; ISSUER_UNAVAILABLE when its keys cannot be read. */
  async verify(token: string): Promise<IssuerClaims> {
    const { issuer, audience } = this.settings;
    const keys = await this.#load();
    const { sub, iat, email, email_verified } = await jwtVerify<
      JWTPayload & { email?: unknown; email_verified?: unknown }
    >(token, async (header, flat) => await keys(header, flat), {
      algorithms: ALGORITHMS,
      issuer,
      audience,
      requiredClaims: ["sub", "exp", "iat"],
      clockTolerance: TOLERANCE_SECONDS,
      currentDate: new Date(this.#now()),
    }).then(
      ({ payload }) => payload,
      (error: unknown) => Promise.reject(toRefusal(error)),
    );
    return claimsOf(issuer, { sub, iat, email, email_verified });
  }

  #load(): Promise<JWTVerifyGetKey> {
    this.#keys ??= this.#find().catch((error: unknown) => {
      this.#keys = undefined;
      throw error;
    });
    return this.#keys;
  }

  async #find(): Promise<JWTVerifyGetKey> {
    const url = this.settings.jwksUrl ?? (await discover(this.settings.issuer));
    const keys = createRemoteJWKSet(new URL(url), { timeoutDuration: TIMEOUT_MS });
    return (header, flat) => keys(header, flat).catch(blame);
  }
}

/** @throws {FleetError} UNAUTHENTICATED where nobody is named. */
export function claimsOf(
  issuer: string,
  { sub, iat, email, email_verified }: { sub?: unknown; iat?: unknown; email?: unknown; email_verified?: unknown },
): IssuerClaims {
  if (typeof sub !== "string" || sub === "" || typeof iat !== "number") throw refused("names nobody");
  const isVerified = email_verified === true && typeof email === "string";
  return {
    subject: `${issuer} ${sub.replaceAll("\0", "")}`,
    ...(isVerified && { email }),
    issuedAt: iat,
  };
}

/** The issuer's description of itself. @see https://openid.net/specs/openid-connect-discovery-1_0.html */
async function discover(issuer: string): Promise<string> {
  const url = `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;
  try {
    const response = await fetch(url, { redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`it answered ${response.status}`);
    const described = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
    if (described.issuer !== issuer) throw new Error(`it calls itself ${String(described.issuer)}`);
    if (typeof described.jwks_uri !== "string") throw new Error("it names no jwks_uri");
    checkUrl("jwks_uri", described.jwks_uri);
    return described.jwks_uri;
  } catch (error) {
    throw unavailable(error);
  }
}

/** A key that is not there is the token's fault; keys that cannot be read are not. */
function blame(error: unknown): never {
  const isToken =
    error instanceof errors.JWKSNoMatchingKey ||
    error instanceof errors.JWKSMultipleMatchingKeys ||
    error instanceof errors.JOSENotSupported;
  throw isToken ? error : unavailable(error);
}

const unavailable = (cause: unknown) =>
  new FleetError(
    "ISSUER_UNAVAILABLE",
    `the issuer's keys cannot be read: ${(cause as Error).message}. Try again, or sign in with a password`,
    {},
    { cause },
  );

/** @throws {FleetError} USAGE for what is neither https nor of this machine */
export function checkUrl(name: string, text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  const isSafe = url?.protocol === "https:" || (url?.protocol === "http:" && isLoopback(url.hostname));
  if (!isSafe) throw new FleetError("USAGE", `${name} must be an https address`, { url: text.slice(0, 200) });
}
