import type { ProviderPackage } from "../../resources/plugin/handler.ts";
import { EquinixClient } from "./equinix-metal/client.ts";
import { device } from "./equinix-metal/device.ts";
import { projectSshKey } from "./equinix-metal/project-ssh-key.ts";
import { standinHandler } from "./resource.ts";
import { pluginError } from "./wire.ts";

/** Stand-in for the official `equinix-metal` plugin 2.0.0, for the resource types that a fleet declares. One package serves one engine run. */
export function equinixMetalStandin(env: Readonly<Record<string, string | undefined>>): ProviderPackage {
  let client: EquinixClient | undefined;
  const connected = () => {
    if (!client) throw pluginError("the provider is not configured");
    return client;
  };
  return {
    name: "equinix-metal",
    version: "2.0.0",
    handlers: [device, projectSshKey].map((type) => standinHandler(type, connected)),

    async configure(variables) {
      const token = variables.authToken || env.METAL_AUTH_TOKEN || env.PACKET_AUTH_TOKEN;
      if (!token) throw pluginError('missing required configuration key "equinix-metal:authToken"');
      const retries = Number(variables.maxRetries || 10);
      if (!(retries >= 0)) throw pluginError("max_retries must be a number of 0 or more");
      const longestRetrySeconds = Number(variables.maxRetryWaitSeconds || 30);
      client = new EquinixClient({ token, env, retries, longestRetrySeconds });
    },
  };
}
