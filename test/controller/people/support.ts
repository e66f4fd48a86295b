import { argon2id, type Hasher } from "../../../controller/people/passwords.ts";
import { openPeople, type People, type PeopleParts } from "../../../controller/people/people.ts";
import type { CommandLine, SignedIn, User } from "../../../controller/people/types.ts";
import type { Store } from "../../../controller/store/types.ts";

export const OPERATOR: CommandLine = { email: "ops@example.org", via: "command-line" };
export const PASSWORD = "correct horse battery";
export const HERE = "192.0.2.1";

/** The people of one controller. Without `steady` its looks into the database are always too old. */
export async function peopleOf(store: Store, dataDir: string, parts: Partial<PeopleParts> = {}): Promise<People> {
  let steps = 0;
  const steady = () => {
    steps += 1;
    return steps * 3600_000;
  };
  return await openPeople({ store, dataDir, environment: {}, fleetId: "acme", now: Date.now, steady, ...parts });
}

export async function addUser(
  people: People,
  email: string,
  wish: Partial<Parameters<People["users"]["create"]>[0]> = {},
): Promise<User> {
  const name = email.split("@")[0]!;
  return await people.users.create({ name, email, role: "operator", password: PASSWORD, ...wish }, OPERATOR);
}

/** Somebody as they are once they have signed in. */
export const signedIn = async (store: Store, id: string): Promise<SignedIn> => (await store.people.user({ id }))!;

/** The real hasher, which tells what it was asked. */
export function countingHasher(): Hasher & { calls: string[] } {
  const calls: string[] = [];
  return {
    calls,
    hash: (password) => {
      calls.push("hash");
      return argon2id.hash(password);
    },
    verify: (hashed, password) => {
      calls.push(`verify ${hashed.split("$").slice(0, 4).join("$")} ${hashed.length}`);
      return argon2id.verify(hashed, password);
    },
  };
}

export const bearer = (token: string) => new Headers({ authorization: `Bearer ${token}` });
