import { cp } from "node:fs/promises";
import { resolve } from "node:path";
import { load } from "js-yaml";
import { setField } from "../../fleet/edit.ts";
import { Git } from "../../repo/git.ts";
import { openRepo } from "../../repo/repo.ts";
import { initFleet } from "../init/init.ts";

const EXAMPLE = resolve(import.meta.dirname, "../../../examples/three-clouds");

/** Who changes the demo's fleet. */
export const DEMO_PERSON = { name: "Fleetwright demo", email: "demo@localhost" };

/**
 * A fleet repository made from the example, in two commits of its own: the files as they are, then the accounts with the addresses of the
 * simulated clouds.
 *
 * @param urls address by cloud
 */
export async function makeFleet(dir: string, urls: Readonly<Record<string, string>>): Promise<void> {
  await cp(EXAMPLE, dir, { recursive: true });
  await initFleet(dir, { author: DEMO_PERSON });
  const git = new Git(dir);
  for (const [name, value] of [
    ["user.name", DEMO_PERSON.name],
    ["user.email", DEMO_PERSON.email],
    // A signature of the user's would be asked for here.
    ["commit.gpgsign", "false"],
  ])
    await git.run("config", name!, value!);
  await git.run("add", "--all");
  await git.run("commit", "--quiet", "--no-verify", "--message", "Copy the example of three clouds");

  const repo = await openRepo(dir);
  try {
    const accounts = (await repo.workTreeFiles()).filter(({ path }) => path.startsWith("accounts/"));
    const files = Object.fromEntries(accounts.map(({ path, text }) => [path, atSimulator(text, urls)]));
    await repo.commit({ files, message: "Point the accounts at the simulated clouds", author: DEMO_PERSON });
  } finally {
    await repo.close();
  }
}

function atSimulator(text: string, urls: Readonly<Record<string, string>>): string {
  const { provider } = load(text) as { provider: string };
  return setField(text, ["endpoint"], urls[provider]);
}
