import type { Role } from "../../people/principal.ts";
import type { User, UserEdit } from "../../people/types.ts";
import { renderStanding } from "../../words/people.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { readPassword } from "../password.ts";
import { withPeople } from "../people-session.ts";
import { aligned } from "../render/text.ts";

export interface FirstAdminFlags extends GlobalOptions {
  name?: string;
  email?: string;
  passwordFile?: string;
}

export interface UserFlags extends GlobalOptions {
  name?: string;
  email?: string;
  role?: Role;
  account?: string[];
  owner?: string[];
  passwordFile?: string;
}

export interface NewUserFlags extends UserFlags {
  name: string;
  role: Role;
  /** False: signs in by the configured issuer only. */
  password: boolean;
}

export interface UserEditFlags extends UserFlags {
  allAccounts?: boolean;
  allOwners?: boolean;
  password?: boolean;
  enable?: boolean;
  forgetIssuer?: boolean;
}

/** `fleetwright init-admin`: the first admin of a fleet. Refused where there is one. */
export async function initAdminVerb(flags: FirstAdminFlags, io: Io): Promise<number> {
  return await withPeople(flags, io, async ({ users }, by) => {
    const password = await readPassword(flags.passwordFile, io);
    const wish = { name: flags.name ?? by.name, email: flags.email ?? by.email, password };
    return tell(flags, io, "Made the admin", await users.createFirst(wish, by));
  });
}

/** `fleetwright users list` */
export async function listUsersVerb(flags: GlobalOptions, io: Io): Promise<number> {
  return await withPeople(flags, io, async ({ users }) => {
    const all = await users.list();
    if (flags.json) io.out(JSON.stringify({ users: all }));
    else if (all.length === 0) io.out("There are no users: fleetwright init-admin makes the first.");
    else for (const line of aligned(all.map(rowOf))) io.out(line);
    return EXIT.ok;
  });
}

/** `fleetwright users add EMAIL` */
export async function addUserVerb(flags: NewUserFlags, io: Io, email: string): Promise<number> {
  return await withPeople(flags, io, async ({ users }, by) => {
    const wish = {
      name: flags.name,
      email,
      role: flags.role,
      ...(flags.account && { accounts: flags.account }),
      ...(flags.owner && { owners: flags.owner }),
      ...(flags.password && { password: await readPassword(flags.passwordFile, io) }),
    };
    return tell(flags, io, "Added", await users.create(wish, by));
  });
}

/** `fleetwright users set EMAIL`: changes what is named, and nothing else. */
export async function setUserVerb(flags: UserEditFlags, io: Io, email: string): Promise<number> {
  return await withPeople(flags, io, async ({ users }, by) => {
    const wantsPassword = flags.password || flags.passwordFile !== undefined;
    const edit: UserEdit = {
      ...(flags.name !== undefined && { name: flags.name }),
      ...(flags.email !== undefined && { email: flags.email }),
      ...(flags.role !== undefined && { role: flags.role }),
      ...(flags.account && { accounts: flags.account }),
      ...(flags.owner && { owners: flags.owner }),
      ...(flags.allAccounts && { accounts: null }),
      ...(flags.allOwners && { owners: null }),
      ...(flags.enable && { enabled: true }),
      ...(flags.forgetIssuer && { subject: null }),
      ...(wantsPassword && { password: await readPassword(flags.passwordFile, io) }),
    };
    return tell(flags, io, "Changed", await users.change(email, edit, by));
  });
}

/** `fleetwright users disable EMAIL`: ends all that the user is signed in with; nothing of theirs is removed. */
export async function disableUserVerb(flags: GlobalOptions, io: Io, email: string): Promise<number> {
  return await withPeople(flags, io, async ({ users }, by) =>
    tell(flags, io, "Disabled", await users.disable(email, by)),
  );
}

/** `fleetwright users sign-out EMAIL`: at once, wherever it is. */
export async function signOutUserVerb(flags: GlobalOptions, io: Io, email: string): Promise<number> {
  return await withPeople(flags, io, async ({ users }, by) => {
    await users.signOut(email, by);
    return tell(flags, io, "Signed out", await users.get(email));
  });
}

function tell({ json }: GlobalOptions, io: Io, done: string, user: User): number {
  if (json) io.out(JSON.stringify({ user }));
  else io.out(`${io.color.green(done)} ${rowOf(user).filter(Boolean).join("  ")}`);
  return EXIT.ok;
}

function rowOf(user: User): string[] {
  const { email, name, enabled, hasPassword, subject, signedInAt } = user;
  const ways = [hasPassword && "password", subject && "issuer"].filter(Boolean).join(", ");
  return [
    email,
    name,
    renderStanding(user),
    enabled ? "" : "disabled",
    ways || "has not signed in by the issuer",
    signedInAt === undefined ? "never signed in" : `signed in ${signedInAt}`,
  ];
}
