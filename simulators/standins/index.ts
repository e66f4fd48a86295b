import { fileURLToPath } from "node:url";
import type { ProviderPackage } from "../../resources/plugin/handler.ts";
import { serve } from "../../resources/plugin/host.ts";

export type StandinName = "linode" | "digitalocean";

type Environment = Readonly<Record<string, string | undefined>>;

/** The folder with the executables `pulumi-resource-linode` and `pulumi-resource-digitalocean`; on PATH the engine finds them as plugins. */
export function standinPath(): string {
  return fileURLToPath(new URL("./bin", import.meta.url));
}

/** The package of a stand-in; only its own modules are loaded. */
export async function standinPackage(name: StandinName, env: Environment): Promise<ProviderPackage> {
  if (name === "linode") return (await import("./linode.ts")).linodeStandin(env);
  return (await import("./digitalocean.ts")).digitaloceanStandin(env);
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
