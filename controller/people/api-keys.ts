import { FleetError } from "../../resources/errors.ts";
import { whoOf } from "./audit.ts";
import { mayAs, type Principal, type Role } from "./principal.ts";
import type { Recent } from "./recent.ts";
import { isSameHash, mint, readSecret } from "./secrets.ts";
import { isWithin, scopes, toPrincipal } from "./standing.ts";
import type { Actor, ApiKey, PeopleStore } from "./types.ts";
import { checkedStanding, requireWithin } from "./users.ts";

const LONGEST_NAME = 100;
/** As often as its last use is written. */
const NOTED_MS = 60_000;

export interface KeyWish {
  /** UUID of the user it acts for. */
  user: string;
  name: string;
  /** Default: those of the user. */
  role?: Role;
  accounts?: readonly string[];
  owners?: readonly string[];
  /** ISO instant; absent: until it is revoked. */
  expiresAt?: string;
}

interface Parts {
  store: PeopleStore;
  recent: Recent;
  now: () => number;
  /** A clock that nobody sets. */
  steady: () => number;
}

/** What programs sign in with: `fw_ID_SECRET`. */
export class ApiKeys {
  readonly #parts: Parts;
  readonly #noted = new Map<string, number>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  /**
   * Its text is in this answer and nowhere else, ever. People make their own, admins anybody's; a key makes none, so that one that has an end has no heirs.
   * @throws {FleetError} USAGE, FORBIDDEN, NOT_FOUND
   */
  async create(wish: KeyWish, by: Actor, source?: string): Promise<{ key: ApiKey; text: string }> {
    const { store, now } = this.#parts;
    requireOwnOrAdmin(wish.user, by);
    const user = await store.user({ id: wish.user });
    if (user === undefined) throw new FleetError("NOT_FOUND", "there is no such user", { user: wish.user });
    const { role = user.role, accounts = user.accounts, owners = user.owners } = wish;
    const standing = checkedStanding({ role, ...scopes(accounts, owners) });
    if (!isWithin(standing, user))
      throw new FleetError(
        "FORBIDDEN",
        `the role, the accounts or the owners of the key go beyond those of ${user.email}`,
      );
    requireWithin(standing, by);
    const name = wish.name.trim();
    if (name === "" || name.length > LONGEST_NAME || /[\x00-\x1f\x7f]/.test(name))
      throw new FleetError("USAGE", `a key has a name of one line, at most ${LONGEST_NAME} characters`);
    const { expiresAt } = wish;
    if (expiresAt !== undefined && !(Date.parse(expiresAt) > now()))
      throw new FleetError("USAGE", "a key's end lies in the future");
    const { text, ...kept } = mint("api-key");
    const key = await store.addApiKey(
      { user: user.id, name, ...standing, ...(expiresAt && { expiresAt: new Date(expiresAt).toISOString() }) },
      kept,
      {
        who: whoOf(by),
        action: "key.added",
        object: `key ${kept.id}`,
        data: { user: user.email, name, ...standing, ...(expiresAt && { expiresAt }) },
        ...(source && { source }),
      },
    );
    return { key, text };
  }

  /** Of everybody, or of one user. */
  async list(user?: string): Promise<ApiKey[]> {
    return await this.#parts.store.apiKeys(user);
  }

  /** @throws {FleetError} NOT_FOUND when there is none, or it is revoked; FORBIDDEN */
  async revoke(id: string, by: Actor, source?: string): Promise<void> {
    const { store, recent } = this.#parts;
    const found = await store.apiKey(id);
    // Of others' keys nobody but an admin learns that they are there.
    const isTheirs = found !== undefined && (isAdmin(by) || ("id" in by && by.id === found.key.user));
    if (!isTheirs) throw new FleetError("NOT_FOUND", "there is no such API key", { key: id.slice(0, 40) });
    if (!("id" in by && by.id === found.key.user)) requireWithin(found.key, by);
    const entry = { who: whoOf(by), action: "key.revoked", object: `key ${id}`, data: { user: found.user.email } };
    if (!(await store.revokeApiKey(id, { ...entry, ...(source && { source }) })))
      throw new FleetError("NOT_FOUND", "this API key was revoked before", { key: id });
    recent.clear();
  }

  /** @throws {FleetError} UNAUTHENTICATED */
  async principal(text: string, source: string): Promise<Principal> {
    const { store, recent } = this.#parts;
    const given = readSecret("api-key", text);
    if (given === undefined) throw wrong("is not one: it has been cut off, or mistyped");
    const found = await recent.get(`key ${given.id}`, () => store.apiKey(given.id));
    // A key that is not there is compared as well.
    if (!isSameHash(found?.hash ?? "0".repeat(given.hash.length), given.hash) || found === undefined)
      throw wrong("is not known");
    if (!found.alive) throw wrong("has run out or was revoked");
    if (!found.user.enabled) throw wrong("belongs to a user who is disabled");
    await this.#note(given.id, source);
    return toPrincipal(found.user, "api-key", found.key);
  }

  async #note(id: string, source: string): Promise<void> {
    const { store, steady } = this.#parts;
    const noted = this.#noted.get(id);
    if (noted !== undefined && steady() - noted < NOTED_MS) return;
    this.#noted.set(id, steady());
    await store.noteApiKeyUse(id, source.slice(0, 100));
  }
}

const isAdmin = (by: Actor): boolean => by.via === "command-line" || mayAs(by, "admin");

/** @throws {FleetError} FORBIDDEN */
function requireOwnOrAdmin(user: string, by: Actor): void {
  if (by.via === "api-key") throw new FleetError("FORBIDDEN", "an API key makes no API keys: sign in for it");
  if (by.via !== "command-line" && by.id !== user && !mayAs(by, "admin"))
    throw new FleetError("FORBIDDEN", "only an admin makes API keys for others");
}

const wrong = (why: string) => new FleetError("UNAUTHENTICATED", `the API key ${why}`);
