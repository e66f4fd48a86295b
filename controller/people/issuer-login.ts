import { createHmac } from "node:crypto";
import * as oidc from "openid-client";
import { FleetError } from "../../resources/errors.ts";
import type { Attempts } from "./attempts.ts";
import type { IssuedPeople } from "./issued-people.ts";
import { claimsOf, type IssuerClaims } from "./issuer.ts";
import { loginRefusal } from "./login-refusal.ts";
import type { LoginSettings } from "./login-settings.ts";
import type { PeopleStore, StoredUser } from "./types.ts";

const TIMEOUT_SECONDS = 10;
const TOLERANCE_SECONDS = 30;
const SCOPE = "openid email profile";

interface Parts {
  store: Pick<PeopleStore, "audit" | "noteIssued">;
  settings: LoginSettings;
  people: IssuedPeople;
  attempts: Attempts;
}

/**
 * Signing in to the page at the configured issuer: authorization code with PKCE, state and nonce. All three are made of one secret that only the
 * browser has which began, so whatever controller it comes back to can check them and none keeps anything.
 * @see https://openid.net/specs/openid-connect-core-1_0.html#CodeFlowAuth
 */
export class IssuerLogin {
  readonly #parts: Parts;
  #client: Promise<oidc.Configuration> | undefined;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /** As people know the issuer. */
  get name(): string {
    return this.#parts.settings.name;
  }

  /** Where the browser with this secret goes to sign in. @throws {FleetError} ISSUER_UNAVAILABLE */
  async begin(secret: string): Promise<URL> {
    const { returnUrl } = this.#parts.settings;
    const { state, nonce, verifier } = checksOf(secret);
    return oidc.buildAuthorizationUrl(await this.#load(), {
      redirect_uri: returnUrl,
      scope: SCOPE,
      code_challenge: await oidc.calculatePKCECodeChallenge(verifier),
      code_challenge_method: "S256",
      state,
      nonce,
    });
  }

  /**
   * Who has come back, by what the issuer's answer says and the secret that it was begun with.
   * @throws {FleetError} UNAUTHENTICATED; TOO_MANY with `retryAfterSeconds`; ISSUER_UNAVAILABLE
   */
  async finish(secret: string, answer: URLSearchParams, source: string): Promise<Omit<StoredUser, "hash">> {
    const { store, people, attempts } = this.#parts;
    const attempt = await attempts.beginFrom(source);
    const claims = await this.#claims(secret, answer).catch(async (error: unknown) => {
      const refusal = loginRefusal(error);
      await store.audit({ action: "sign-in.failed", source, data: { why: refusal.why, by: "issuer" } });
      throw refusal.error;
    });
    const user = await people.known(claims, source);
    const who = { id: user.id, email: user.email, via: "issuer" } as const;
    await store.noteIssued(user.id, undefined, { who, action: "sign-in", object: `user ${user.email}`, source });
    await attempt.good(user.id);
    return user;
  }

  async #claims(secret: string, answer: URLSearchParams): Promise<IssuerClaims> {
    const { issuer, returnUrl } = this.#parts.settings;
    const client = await this.#load();
    const { state, nonce, verifier } = checksOf(secret);
    const url = new URL(returnUrl);
    url.search = answer.toString();
    const tokens = await oidc.authorizationCodeGrant(client, url, {
      expectedState: state,
      expectedNonce: nonce,
      pkceCodeVerifier: verifier,
    });
    const told = tokens.claims()!;
    // Issuers may tell the mail address where they are asked for it, and not in the token.
    const hasMore = told.email === undefined && client.serverMetadata().userinfo_endpoint !== undefined;
    const more = hasMore ? await oidc.fetchUserInfo(client, tokens.access_token, told.sub) : {};
    return claimsOf(issuer, { ...more, ...told });
  }

  #load(): Promise<oidc.Configuration> {
    this.#client ??= this.#find().catch((error: unknown) => {
      this.#client = undefined;
      throw error instanceof FleetError ? error : loginRefusal(error).error;
    });
    return this.#client;
  }

  async #find(): Promise<oidc.Configuration> {
    const { issuer, clientId, secret } = this.#parts.settings;
    const server = new URL(issuer);
    // Settings let plain http pass on this machine only.
    const execute = [
      oidc.enableNonRepudiationChecks,
      ...(server.protocol === "http:" ? [oidc.allowInsecureRequests] : []),
    ];
    const metadata = { [oidc.clockTolerance]: TOLERANCE_SECONDS };
    return await oidc.discovery(server, clientId, metadata, clientAuth(await secret()), {
      timeout: TIMEOUT_SECONDS,
      execute,
    });
  }
}

/** By the way that the issuer takes: Basic unless it says that it takes only the other. */
function clientAuth(secret: string | undefined): oidc.ClientAuth {
  if (secret === undefined) return oidc.None();
  const [basic, post] = [oidc.ClientSecretBasic(secret), oidc.ClientSecretPost(secret)];
  return (server, ...rest) => {
    const taken = server.token_endpoint_auth_methods_supported ?? ["client_secret_basic"];
    return (taken.includes("client_secret_basic") ? basic : post)(server, ...rest);
  };
}

/** What nobody but the browser with the secret can have asked with. */
function checksOf(secret: string): { state: string; nonce: string; verifier: string } {
  const made = (use: string) => createHmac("sha256", secret).update(use).digest("base64url");
  return { state: made("state"), nonce: made("nonce"), verifier: made("verifier") };
}
