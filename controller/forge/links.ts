import { FleetError } from "../../resources/errors.ts";
import type { CommandLine, User } from "../people/types.ts";
import type { Users } from "../people/users.ts";
import { whoOf } from "../people/users.ts";
import type { Store } from "../store/types.ts";
import type { Forge, Login } from "./types.ts";

interface Parts {
  store: Pick<Store, "putForgeLogin" | "removeForgeLogin">;
  users: Pick<Users, "get">;
  forge: Forge;
  /** Names forge and repository. */
  key: string;
}

/**
 * Says who a name at the forge is here. The number that the forge has for it is kept, so a name that goes to somebody else takes nothing with it.
 * @throws {FleetError} NOT_FOUND for a name that the forge does not have, or a user that the fleet does not have.
 */
export async function linkLogin(
  { store, users, forge, key }: Parts,
  { name, user, by }: { name: string; user: string; by: CommandLine },
  signal: AbortSignal,
): Promise<{ login: Login; user: User }> {
  const login = await found(forge, name, signal);
  const linked = await users.get(user);
  await store.putForgeLogin(
    { forge: key, id: login.id, name: login.name, user: linked.id, by: by.email },
    { who: whoOf(by), action: "forge.linked", object: `user ${linked.email}`, data: { forge: key, login } },
  );
  return { login, user: linked };
}

/** A name is nobody's here any more. @throws {FleetError} NOT_FOUND */
export async function unlinkLogin(
  { store, forge, key }: Omit<Parts, "users">,
  { name, by }: { name: string; by: CommandLine },
  signal: AbortSignal,
): Promise<Login> {
  const login = await found(forge, name, signal);
  const audit = {
    who: whoOf(by),
    action: "forge.unlinked",
    object: `login ${login.name}`,
    data: { forge: key, login },
  };
  if (await store.removeForgeLogin(key, login.id, audit)) return login;
  throw new FleetError("NOT_FOUND", `${login.name} was nobody here`, {});
}

async function found(forge: Forge, name: string, signal: AbortSignal): Promise<Login> {
  const login = await forge.login(name.replace(/^@/, ""), signal);
  if (login !== undefined) return login;
  throw new FleetError("NOT_FOUND", `the forge knows nobody called ${name.slice(0, 100)}`, {});
}
