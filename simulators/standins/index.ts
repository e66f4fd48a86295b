import { fileURLToPath } from "node:url";
import type { ProviderPackage } from "../../resources/plugin/handler.ts";
import { serve } from "../../resources/plugin/host.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** The stand-ins by the name of their Pulumi package; only the modules of the one that is asked for are loaded. */
const STANDINS = {
  aws: async (env: Environment) => (await import("./aws.ts")).awsStandin(env),
  digitalocean: async (env: Environment) => (await import("./digitalocean.ts")).digitaloceanStandin(env),
  "equinix-metal": async (env: Environment) => (await import("./equinix-metal.ts")).equinixMetalStandin(env),
  linode: async (env: Environment) => (await import("./linode.ts")).linodeStandin(env),
  vultr: async (env: Environment) => (await import("./vultr.ts")).vultrStandin(env),
};

export type StandinName = keyof typeof STANDINS;

/** The folder with the executables, `pulumi-resource-linode` and so on; on PATH the engine finds them as plugins. */
export function standinPath(): string {
  return fileURLToPath(new URL("./bin", import.meta.url));
}

export async function standinPackage(name: StandinName, env: Environment): Promise<ProviderPackage> {
  return await STANDINS[name](env);
}

/**
 * Serves a stand-in to one engine run from within this process; the engine finds it by `PULUMI_DEBUG_PROVIDERS=<name>:<port>`.
 *
 * @param env what the plugin would see as its environment: address, token and poll time.
 */
export async function serveStandin(
  name: StandinName,
  env: Environment,
): Promise<{ port: number; close(): Promise<void> }> {
  return serve(await standinPackage(name, env));
}
