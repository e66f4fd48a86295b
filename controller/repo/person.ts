import { userInfo } from "node:os";
import type { Person } from "./commit.ts";
import { Git } from "./git.ts";

/** Whoever works on this machine, as git knows them in this folder, else the system. */
export async function personAt(dir: string): Promise<Person> {
  const git = new Git(dir);
  const system = userInfo().username;
  const name = (await git.ask("config", "user.name"))?.trim() || system;
  const email = (await git.ask("config", "user.email"))?.trim() || `${system}@localhost`;
  return { name, email };
}
