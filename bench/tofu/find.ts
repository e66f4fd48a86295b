import { execFile } from "node:child_process";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { userCache } from "../../controller/engine/find/cache.ts";
import { builtOnce, type GoProgram } from "../../controller/engine/find/go.ts";
import { MakeError } from "../../controller/engine/find/maker.ts";
import { tofuEnvironment } from "./environment.ts";

/** What `tools/tofu` requires: the figures are for this one, so another on PATH is not taken. */
export const TOFU_VERSION = "1.12.6";

/** A peer that this machine cannot have. The message says why, and what mends it. */
export class TofuMissing extends Error {}

export interface FindTofuOptions {
  progress: (line: string) => void;
  /** Default: the process's own. */
  env?: NodeJS.ProcessEnv;
}

/**
 * OpenTofu: from this user's cache, else built from `tools/tofu`, which takes some minutes once.
 * @returns the executable, absolute.
 * @throws {TofuMissing}
 */
export async function findTofu({ progress, env = process.env }: FindTofuOptions): Promise<string> {
  const home = join(tofuCache(env), TOFU_VERSION);
  const file = join(home, "bin/tofu");
  try {
    await builtOnce(tofuProgram(file), join(tofuCache(env), "lock"), { env, progress });
    const version = await versionOf(file);
    if (version !== TOFU_VERSION) throw new MakeError(`${file} says it is ${version}`, `remove ${home} and try again`);
    return file;
  } catch (error) {
    const { message, mend } = error as Error & { mend?: string };
    throw new TofuMissing(
      `no OpenTofu ${TOFU_VERSION}: ${message}${mend === undefined ? "" : ` (to mend it: ${mend})`}`,
    );
  }
}

/** Where this user's OpenTofu is kept, a folder a version; beside the engine. */
export function tofuCache(env: NodeJS.ProcessEnv): string {
  return userCache("tofu", env);
}

const tofuProgram = (file: string): GoProgram => ({
  title: `OpenTofu ${TOFU_VERSION}`,
  module: resolve(import.meta.dirname, "../../tools/tofu"),
  package: "github.com/opentofu/opentofu/cmd/tofu",
  // Else it calls itself a development version.
  variables: { "github.com/opentofu/opentofu/version.dev": "no" },
  file,
});

async function versionOf(file: string): Promise<string> {
  const { stdout } = await promisify(execFile)(file, ["version", "-json"], { env: tofuEnvironment() });
  return (JSON.parse(stdout) as { terraform_version: string }).terraform_version;
}
