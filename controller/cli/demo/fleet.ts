import { cp } from "node:fs/promises";
import { resolve } from "node:path";
import { load } from "js-yaml";
import { setField } from "../../fleet/edit.ts";
import { initFleet } from "../../init/init.ts";
import { Git } from "../../repo/git.ts";
import { openRepo } from "../../repo/repo.ts";

const EXAMPLE = resolve(import.meta.dirname, "../../../examples/nine-clouds");

/** Who changes the demo's fleet. */
export const DEMO_PERSON = { name: "Fleetwright demo", email: "demo@localhost" };

/** A machine that ran before the fleet did, and that a file takes over by its id. */
export interface Adopted {
  file: string;
  id: string;
}

/**
 * A fleet repository made from the example, in two commits of its own: the files as they are, then the accounts with the addresses of the
 * simulated clouds. Files of clouds that are not there are left out.
 *
 * @param urls address by cloud
 */
export async function makeFleet(dir: string, urls: Readonly<Record<string, string>>, adopted: Adopted): Promise<void> {
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
  await git.run("commit", "--quiet", "--no-verify", "--message", "Copy the example of nine clouds");

  const repo = await openRepo(dir);
  try {
    const all = await repo.workTreeFiles();
    const accounts = all.filter(({ path }) => path.startsWith("accounts/"));
    const without = new Set(
      accounts.map(({ text }) => fieldsOf(text)).flatMap(({ name, provider }) => (provider in urls ? [] : [name])),
    );
    const files: Record<string, string | null> = {};
    for (const { path, text } of all) {
      const fields = fieldsOf(text);
      if (without.has(fields.account ?? "") || (fields.kind === "Account" && without.has(fields.name)))
        files[path] = null;
      else if (fields.kind === "Account") files[path] = setField(text, ["endpoint"], urls[fields.provider]);
      else if (path === adopted.file) files[path] = setField(text, ["adopt"], adopted.id);
    }
    await repo.commit({ files, message: "Point the accounts at the simulated clouds", author: DEMO_PERSON });
  } finally {
    await repo.close();
  }
}

const fieldsOf = (text: string) => load(text) as { kind: string; name: string; provider: string; account?: string };
