import type { Principal, Role } from "./principal.ts";

/** What somebody may do, and to what. */
export type Standing = Pick<Principal, "role" | "accounts" | "owners">;

/** Somebody who works with the fleet. Instants are ISO. */
export interface User extends Standing {
  /** UUID. */
  id: string;
  /** As the author of commits. */
  name: string;
  email: string;
  enabled: boolean;
  hasPassword: boolean;
  /** Names the person at the configured issuer; noted when its first token is taken. */
  subject?: string;
  createdAt: string;
  signedInAt?: string;
}

/** As the store keeps it. */
export interface StoredUser extends User {
  /** Of the password. */
  hash?: string;
  /** How often all that the user was signed in with was ended: what began before counts no more. */
  signOuts: number;
}

/** Who has just signed in. */
export type SignedIn = Pick<StoredUser, "id" | "signOuts">;

export interface UserWish extends Standing {
  name: string;
  email: string;
  /** Absent: signs in by the configured issuer only. */
  password?: string;
}

/** Null takes away: of accounts and owners, so that it is about all; of the subject, so that the issuer's next token with this mail address names the person anew. */
export interface UserEdit {
  name?: string;
  email?: string;
  role?: Role;
  accounts?: readonly string[] | null;
  owners?: readonly string[] | null;
  enabled?: boolean;
  password?: string;
  subject?: null;
}

/** The same where it is kept: a password is its hash. */
type Hashed<T> = Omit<T, "password"> & { hash?: string };
export type StoredWish = Hashed<UserWish>;
export type StoredEdit = Hashed<Omit<UserEdit, "subject">> & { subject?: string | null };

/** What a program signs in with. Its standing is never more than its user's. Instants are ISO. */
export interface ApiKey extends Standing {
  /** The middle of the key's text; no secret. */
  id: string;
  /** UUID. */
  user: string;
  name: string;
  createdAt: string;
  expiresAt?: string;
  /** Written at most once a minute. */
  lastUsedAt?: string;
  lastUsedFrom?: string;
  revokedAt?: string;
}

/** An operator at the controller's own data folder, who could write its database as well. */
export interface CommandLine {
  email: string;
  via: "command-line";
}

/** Whoever changes people and keys. */
export type Actor = Principal | CommandLine;

/** Whoever did something, as the audit log tells it; nobody known: absent. */
export interface Who {
  id?: string;
  email: string;
  via: Actor["via"] | "password" | "issuer" | "controller";
  /** Id of the API key that it was done with. */
  key?: string;
}

export interface AuditEntry {
  who?: Who;
  /** `user.added`, `sign-in.failed`: what it is about, and what happened. */
  action: string;
  /** What it was done to: `user ada@example.org`. */
  object?: string;
  data?: unknown;
  /** Address that it came from. */
  source?: string;
}

export interface StoredAudit extends AuditEntry {
  /** Grows in the order of commits. */
  seq: number;
  /** ISO instant. */
  at: string;
}

export interface AuditQuery {
  /** Entries before this number, the newest first; absent: from the newest. */
  before?: number;
  /** Entries after this number, the oldest first. Excludes `before`. */
  after?: number;
  /** Of this person, by mail address. */
  email?: string;
  action?: string;
  object?: string;
  limit: number;
}

/** A secret that was given out: `hash` is all that is kept. */
export interface Kept {
  id: string;
  hash: string;
}

/** How many failed sign-ins are borne. */
export interface LockoutPolicy {
  /** In a row, of one user. */
  failures: number;
  /** From the last of these on; each further one doubles it. */
  firstWaitMs: number;
  longestWaitMs: number;
  /** Of one source within `sourceWindowMs`. */
  sourceFailures: number;
  sourceWindowMs: number;
}

/** Another hash of the same password. */
export interface Rehashed {
  from: string;
  to: string;
}

export interface AttemptKeys {
  /** Absent where it is not known yet who it is: only the source counts. */
  user?: string;
  source: string;
}

export interface Refusal {
  /** By the database's clock. */
  waitMs: number;
  /** The first one since the lock began: others need not be told of. */
  isFirst: boolean;
  by: keyof AttemptKeys;
}

/** What tokens of one sign-in belong to. */
export interface TokenFamily {
  id: string;
  user: User;
  /** Neither revoked nor over. */
  alive: boolean;
}

export type Rotation = { family: string; user: User; outcome: "rotated" | "reused" };

export interface Lifetimes {
  idleMs: number;
  absoluteMs: number;
}

/** A sign-in of the web page. Instants are ISO. */
export interface WebSession {
  id: string;
  createdAt: string;
  seenAt: string;
  expiresAt: string;
  source: string;
}

/**
 * People, and what they sign in with. Every change is one transaction with its entry in the audit log; times are the database's.
 * @throws {FleetError} STORE_FAILED from any method.
 */
export interface PeopleStore {
  /** By mail address. */
  users(): Promise<User[]>;
  user(by: { id: string } | { email: string } | { subject: string }): Promise<StoredUser | undefined>;
  /** `first`: only where there is no enabled admin who is about everything. @throws {FleetError} CONFLICT */
  addUser(user: StoredWish, audit: AuditEntry, options?: { first?: boolean }): Promise<User>;
  /**
   * `check` sees the user as it is and as it would be; what it throws leaves all as it was. `endSignIns` revokes tokens and web sessions.
   * @throws {FleetError} NOT_FOUND; CONFLICT for a mail address that another has, and where no enabled admin would be left who is about everything.
   */
  changeUser(
    id: string,
    change: StoredEdit,
    audit: AuditEntry,
    options?: { endSignIns?: boolean; check?: (before: User, after: User) => void },
  ): Promise<User>;

  /** Counts an attempt as failed before it is looked at, so that many at once are no more guesses. Undefined: go on. */
  beginAttempt(keys: AttemptKeys, policy: LockoutPolicy): Promise<Refusal | undefined>;
  /** The attempt was good: takes it back, and the user's failures before it. Without an entry it was no sign-in. */
  endAttempt(user: string, keys: AttemptKeys, audit?: AuditEntry, rehashed?: Rehashed): Promise<void>;

  /** A token of the issuer was seen that is newer than the last sign-in: is one. `issuedAt`: seconds since 1970; undefined: is one in any case. */
  noteIssued(user: string, issuedAt: number | undefined, audit: AuditEntry): Promise<void>;

  /** False when all that the user is signed in with was ended since this sign-in began, or the user is disabled. */
  addFamily(family: { id: string; user: SignedIn } & Lifetimes, refresh: Kept): Promise<boolean>;
  family(id: string): Promise<TokenFamily | undefined>;
  /** That a refresh token belongs to, used or not. */
  familyOf(refresh: Kept): Promise<TokenFamily | undefined>;
  /** Takes a refresh token and stores the next one in its place. One that was taken before revokes the family. Undefined: it is worth nothing. */
  rotate(given: Kept, next: Kept, idleMs: number, reused: Omit<AuditEntry, "who">): Promise<Rotation | undefined>;
  /** False when it was revoked already or is not known. */
  revokeFamily(id: string, audit: AuditEntry): Promise<boolean>;

  /** False as for `addFamily`. */
  addSession(session: Kept & { user: SignedIn; source: string } & Lifetimes): Promise<boolean>;
  /** Undefined when it has ended. Notes at most once a minute that it is in use. */
  session(given: Kept, idleMs: number): Promise<User | undefined>;
  sessions(user: string, idleMs: number): Promise<WebSession[]>;
  endSession(id: string, user: string, audit: AuditEntry): Promise<boolean>;

  addApiKey(
    key: Pick<ApiKey, "user" | "name" | "role" | "accounts" | "owners" | "expiresAt">,
    kept: Kept,
    audit: AuditEntry,
  ): Promise<ApiKey>;
  apiKeys(user?: string): Promise<ApiKey[]>;
  apiKey(id: string): Promise<{ key: ApiKey; user: User; hash: string; alive: boolean } | undefined>;
  /** At most once a minute, over all controllers. */
  noteApiKeyUse(id: string, source: string): Promise<void>;
  revokeApiKey(id: string, audit: AuditEntry): Promise<boolean>;

  audit(entry: AuditEntry): Promise<number>;
  audits(query: AuditQuery): Promise<StoredAudit[]>;
  /** Removes entries of more than so many days ago, at least 30, and says so in the log. Answers how many. */
  pruneAudit(days: number): Promise<number>;
  /** Removes what has long ended: tokens, web sessions, counts of failures. */
  tidy(): Promise<void>;
}
