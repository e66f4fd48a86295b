import { steadyNow } from "../steady.ts";
import type { Store } from "../store/types.ts";
import { ACCESS_MS, AccessTokens } from "./access-tokens.ts";
import { ApiKeys } from "./api-keys.ts";
import { Attempts } from "./attempts.ts";
import { AuditLog } from "./audit.ts";
import { type Authenticate, authenticator } from "./authenticate.ts";
import { IssuedPeople } from "./issued-people.ts";
import { Issuer, issuerSettings } from "./issuer.ts";
import { IssuerLogin } from "./issuer-login.ts";
import { loginSettings } from "./login-settings.ts";
import { argon2id, type Hasher } from "./passwords.ts";
import { Recent } from "./recent.ts";
import { Sessions } from "./sessions.ts";
import { type Credentials, signIn } from "./sign-in.ts";
import { TokenKeys } from "./token-keys.ts";
import { Tokens } from "./tokens.ts";
import type { Lifetimes, LockoutPolicy } from "./types.ts";
import { Users } from "./users.ts";

export interface PeopleParts {
  store: Pick<Store, "people">;
  dataDir: string;
  environment: Readonly<Record<string, string | undefined>>;
  /** Names the fleet in tokens: one fleet's are worth nothing to another. */
  fleetId: string;
  now: () => number;
  /** A clock that nobody sets. Default: this machine's. */
  steady?: () => number;
  hasher?: Hasher;
  lockout?: LockoutPolicy;
  refreshLifetimes?: Lifetimes;
  sessionLifetimes?: Lifetimes;
}

/** Who works with the fleet, and how they are known. */
export interface People {
  users: Users;
  keys: ApiKeys;
  tokens: Tokens;
  sessions: Sessions;
  audit: AuditLog;
  authenticate: Authenticate;
  /** The same for a documented service: whom the configured issuer knows and the fleet does not becomes a requester of it. */
  welcome: Authenticate;
  /** Signing in to the page at the issuer, where that is configured. */
  login?: IssuerLogin;
  signIn(credentials: Credentials): ReturnType<typeof signIn>;
  /** Adds a key for access tokens that signs in `afterMs`, and forgets those whose tokens have run out. */
  rotateTokenKey(afterMs: number): Promise<{ kid: string; from: string }>;
}

/** @throws {FleetError} STORE_FAILED for a key file that others may read or that is damaged; USAGE for settings of the issuer. */
export async function openPeople(parts: PeopleParts): Promise<People> {
  const { dataDir, environment, fleetId, now, steady = steadyNow, hasher = argon2id } = parts;
  const store = parts.store.people;
  const recent = new Recent(steady);
  const attempts = new Attempts(store, parts.lockout);
  const tokenKeys = await TokenKeys.open(dataDir, environment, now);
  const access = new AccessTokens(tokenKeys, fleetId, now);
  const tokens = new Tokens({ store, access, recent }, parts.refreshLifetimes);
  const keys = new ApiKeys({ store, recent, now, steady });
  const login = loginSettings(environment);
  const settings = issuerSettings(environment, login !== undefined);
  const issuedPeople = new IssuedPeople({ store, recent });
  const issuer = settings && new Issuer(settings, now);
  const knownBy = (people: IssuedPeople) =>
    authenticator({ tokens, keys, ...(issuer && { issued: { issuer, people } }) });
  return {
    users: new Users({ store, hasher, attempts, onChange: () => recent.clear() }),
    keys,
    tokens,
    sessions: new Sessions(store, recent, parts.sessionLifetimes),
    audit: new AuditLog(store),
    authenticate: knownBy(issuedPeople),
    welcome: knownBy(new IssuedPeople({ store, recent, welcomes: true })),
    ...(login && { login: new IssuerLogin({ store, settings: login, people: issuedPeople, attempts }) }),
    signIn: (credentials) => signIn({ store, hasher, attempts }, credentials),
    rotateTokenKey: (afterMs) => tokenKeys.rotate(afterMs, ACCESS_MS),
  };
}
