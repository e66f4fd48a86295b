import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { userCache } from "../../controller/engine/find/cache.ts";
import { builtOnce, findGo } from "../../controller/engine/find/go.ts";

/** What `tools/gitea` requires. */
export const GITEA_VERSION = "1.26.0";

const MODULE = path.resolve(import.meta.dirname, "../../tools/gitea");
const PACKAGE = "code.gitea.io/gitea";
/** Read by the server as it runs. What its web pages show is made by other tools and not in the module; its API needs none of it. */
const ASSETS = ["templates", "options", "public"];

/** The executable, and the folder of what it reads. */
export interface GiteaProgram {
  file: string;
  assets: string;
}

/** Gitea where an earlier build has left it; undefined when it is still to be built. */
export function cachedGitea(env: NodeJS.ProcessEnv = process.env): GiteaProgram | undefined {
  const { file, assets } = placeOf(env);
  return existsSync(file) && existsSync(assets) ? { file, assets } : undefined;
}

/**
 * Gitea from this user's cache, else built from `tools/gitea`, which takes some minutes once.
 * @throws {MakeError} without Go, a C compiler or a module proxy.
 */
export async function findGitea(
  progress: (line: string) => void,
  env: NodeJS.ProcessEnv = process.env,
): Promise<GiteaProgram> {
  const { file, assets } = placeOf(env);
  await builtOnce(
    {
      title: `Gitea ${GITEA_VERSION}`,
      module: MODULE,
      package: PACKAGE,
      variables: { "main.Version": GITEA_VERSION },
      tags: ["sqlite", "sqlite_unlock_notify"],
      // SQLite is C.
      cgo: true,
      file,
    },
    path.join(userCache("gitea", env), "lock"),
    { env, progress },
  );
  if (!existsSync(assets)) copyAssets(assets, env);
  return { file, assets };
}

function placeOf(env: NodeJS.ProcessEnv): GiteaProgram {
  const home = path.join(userCache("gitea", env), GITEA_VERSION);
  return { file: path.join(home, "bin/gitea"), assets: path.join(home, "share") };
}

/** Aside, then renamed: whoever sees the folder sees all of it. */
function copyAssets(assets: string, env: NodeJS.ProcessEnv): void {
  const options = { cwd: MODULE, env, encoding: "utf8" } as const;
  const module = execFileSync(findGo(env), ["list", "-m", "-f", "{{.Dir}}", PACKAGE], options).trim();
  const aside = `${assets}.new-${process.pid}`;
  mkdirSync(aside, { recursive: true });
  try {
    for (const name of ASSETS) {
      cpSync(path.join(module, name), path.join(aside, name), { recursive: true });
      // Folders of the module cache are closed even to their owner, who could then not remove the copy.
      execFileSync("chmod", ["-R", "u+w", path.join(aside, name)]);
    }
    chmodSync(aside, 0o755);
    if (!existsSync(assets)) renameSync(aside, assets);
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}
