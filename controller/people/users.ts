import { FleetError } from "../../resources/errors.ts";
import { checkPerson } from "../repo/commit.ts";
import type { Attempts } from "./attempts.ts";
import { checkPassword, type Hasher, hashPassword, isPassword } from "./passwords.ts";
import { mayAs, type Principal, ROLES, type Role } from "./principal.ts";
import { isWithin } from "./standing.ts";
import type { Actor, AuditEntry, PeopleStore, Standing, User, UserChange } from "./types.ts";

const LONGEST_NAME = 200;
const LONGEST_EMAIL = 254;
const MOST_SCOPES = 1000;

export interface UserWish {
  name: string;
  email: string;
  role: Role;
  accounts?: readonly string[];
  owners?: readonly string[];
  /** Absent: signs in by the configured issuer only. */
  password?: string;
}

/** Null makes it about all. */
export interface UserEdit {
  name?: string;
  email?: string;
  role?: Role;
  accounts?: readonly string[] | null;
  owners?: readonly string[] | null;
  enabled?: boolean;
  password?: string;
  /** Null: the next token of the issuer with this mail address names the person anew. */
  subject?: null;
}

interface Parts {
  store: PeopleStore;
  hasher: Hasher;
  attempts: Attempts;
  /** Told when somebody may do less than before. */
  onChange: () => void;
}

/** The people who work with the fleet. Nobody gives what they do not have themselves, nor changes whoever may do more. */
export class Users {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async list(): Promise<User[]> {
    return await this.#parts.store.users();
  }

  /** By UUID or mail address. @throws {FleetError} NOT_FOUND */
  async get(user: string): Promise<User> {
    const { store } = this.#parts;
    const found = await store.user(user.includes("@") ? { email: user } : { id: uuidOf(user) });
    if (found === undefined) throw new FleetError("NOT_FOUND", "there is no such user", { user: user.slice(0, 100) });
    const { password: _, ...rest } = found;
    return rest;
  }

  /** @throws {FleetError} USAGE, FORBIDDEN, CONFLICT */
  async create(wish: UserWish, by: Actor, source?: string): Promise<User> {
    return await this.#add(wish, by, source, false);
  }

  /** The admin of a new fleet. @throws {FleetError} CONFLICT where there is one; USAGE */
  async createFirst(wish: Required<Pick<UserWish, "name" | "email" | "password">>, by: Actor): Promise<User> {
    return await this.#add({ ...wish, role: "admin" }, by, undefined, true);
  }

  /** Whether somebody could be added. @throws {FleetError} as `create` */
  async check(wish: UserWish, by: Actor): Promise<void> {
    const { email } = checkedWish(wish, by);
    if (wish.password !== undefined) checkPassword(wish.password, email);
    if ((await this.#parts.store.user({ email })) !== undefined)
      throw new FleetError("CONFLICT", "another user has this mail address", {});
  }

  /** A new password, or being disabled, ends all that the user is signed in with; another standing is so from the next request on. @throws {FleetError} NOT_FOUND, USAGE, FORBIDDEN, CONFLICT */
  async change(id: string, edit: UserEdit, by: Actor, source?: string): Promise<User> {
    const { store, hasher, onChange } = this.#parts;
    requireAdmin(by);
    const before = await this.get(id);
    const checked = checkedEdit(edit, before);
    const { password: text, ...plain } = checked;
    const change: UserChange = {
      ...plain,
      ...(text !== undefined && { password: await hashPassword(text, checked.email ?? before.email, hasher) }),
    };
    const user = await store.changeUser(
      before.id,
      change,
      entry(by, source, edit.enabled === false ? "user.disabled" : "user.changed", before.email, {
        ...plain,
        ...(text !== undefined && { newPassword: true }),
      }),
      {
        endSignIns: text !== undefined || edit.enabled === false,
        check: (from, to) => {
          requireWithin(from, by);
          requireWithin(to, by);
        },
      },
    );
    onChange();
    return user;
  }

  /** @throws {FleetError} NOT_FOUND, FORBIDDEN, CONFLICT */
  async disable(id: string, by: Actor, source?: string): Promise<User> {
    return await this.change(id, { enabled: false }, by, source);
  }

  /**
   * Ends all that somebody is signed in with, but for API keys: people's own, and an admin's of others.
   * @throws {FleetError} NOT_FOUND, FORBIDDEN
   */
  async signOut(id: string, by: Actor, source?: string): Promise<void> {
    const { store, onChange } = this.#parts;
    const isOwn = "id" in by && by.id === id;
    if (!isOwn) requireAdmin(by);
    const { id: user, email } = await this.get(id);
    await store.changeUser(user, {}, entry(by, source, "user.signed-out", email), {
      endSignIns: true,
      check: (whom) => {
        if (!isOwn) requireWithin(whom, by);
      },
    });
    onChange();
  }

  /** People's own: ends all that they are signed in with, also here. @throws {FleetError} UNAUTHENTICATED for a wrong present password; TOO_MANY, USAGE, FORBIDDEN */
  async changeOwnPassword(
    who: Principal,
    { present, wanted }: { present: string; wanted: string },
    source: string,
  ): Promise<void> {
    const { store, hasher, attempts, onChange } = this.#parts;
    if (who.via === "api-key") throw new FleetError("FORBIDDEN", "an API key changes no password: sign in for it");
    const user = await store.user({ id: who.id });
    const attempt = await attempts.begin(who.email, source);
    if (!(await isPassword(user?.password, present, hasher)) || user === undefined) {
      await store.audit(entry(who, source, "password.refused", who.email));
      throw new FleetError("UNAUTHENTICATED", "the present password is wrong");
    }
    await attempt.good(user.id);
    const password = await hashPassword(wanted, user.email, hasher);
    await store.changeUser(user.id, { password }, entry(who, source, "password.changed", who.email), {
      endSignIns: true,
    });
    onChange();
  }

  async #add({ password, ...wish }: UserWish, by: Actor, source: string | undefined, first: boolean): Promise<User> {
    const { store, hasher } = this.#parts;
    const user = checkedWish(wish, by);
    const { role, accounts, owners } = user;
    return await store.addUser(
      { ...user, ...(password !== undefined && { password: await hashPassword(password, user.email, hasher) }) },
      entry(by, source, first ? "user.first-admin" : "user.added", user.email, { role, accounts, owners }),
      { first },
    );
  }
}

/** @throws {FleetError} USAGE, FORBIDDEN */
function checkedWish({ password: _, ...wish }: UserWish, by: Actor): Omit<UserWish, "password"> {
  requireAdmin(by);
  const user = { ...wish, ...checkedPerson(wish), ...checkedStanding(wish) };
  requireWithin(user, by);
  return user;
}

function entry(by: Actor, source: string | undefined, action: string, email: string, data?: unknown): AuditEntry {
  return {
    who: whoOf(by),
    action,
    object: `user ${email}`,
    ...(data !== undefined && { data }),
    ...(source && { source }),
  };
}

export const whoOf = (by: Actor) => ({ ...("id" in by && { id: by.id }), email: by.email, via: by.via });

/** @throws {FleetError} FORBIDDEN */
function requireAdmin(by: Actor): void {
  if (by.via !== "command-line" && !mayAs(by, "admin"))
    throw new FleetError("FORBIDDEN", "only an admin sees to people");
}

/** @throws {FleetError} FORBIDDEN */
export function requireWithin(standing: Standing, by: Actor): void {
  if (by.via !== "command-line" && !isWithin(standing, by))
    throw new FleetError("FORBIDDEN", "this role, these accounts or these owners go beyond your own");
}

function checkedEdit(edit: UserEdit, before: User): UserEdit {
  const { accounts = before.accounts, owners = before.owners } = edit;
  const person = checkedPerson({ ...before, ...edit });
  checkedStanding({
    role: edit.role ?? before.role,
    ...(accounts && { accounts }),
    ...(owners && { owners }),
  });
  return {
    ...edit,
    ...(edit.name !== undefined && { name: person.name }),
    ...(edit.email !== undefined && { email: person.email }),
  };
}

/** @throws {FleetError} USAGE */
function checkedPerson(given: { name: string; email: string }): { name: string; email: string } {
  const [name, email] = [given.name.trim(), given.email.trim()];
  checkPerson({ name, email });
  if (name.length > LONGEST_NAME || /[\x00-\x1f\x7f]/.test(name))
    throw new FleetError("USAGE", `a name is one line of at most ${LONGEST_NAME} characters`);
  if (email.length > LONGEST_EMAIL || !/^[^@\s]+@[^@\s]+$/.test(email))
    throw new FleetError("USAGE", "a mail address is wanted: ada@example.org");
  return { name, email };
}

/** @throws {FleetError} USAGE */
export function checkedStanding({ role, accounts, owners }: Standing): Standing {
  if (!ROLES.includes(role)) throw new FleetError("USAGE", `a role is one of ${ROLES.join(", ")}`);
  for (const names of [accounts ?? [], owners ?? []]) {
    if (
      names.length > MOST_SCOPES ||
      names.some((name) => name === "" || name.length > LONGEST_NAME || /[\x00-\x1f]/.test(name))
    )
      throw new FleetError("USAGE", "accounts and owners are lists of names");
  }
  return { role, ...(accounts && { accounts }), ...(owners && { owners }) };
}

function uuidOf(text: string): string {
  if (/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(text)) return text;
  throw new FleetError("NOT_FOUND", "there is no such user: name one by mail address or UUID", {
    user: text.slice(0, 100),
  });
}
