import type { ProviderPackage } from "../../resources/plugin/handler.ts";
import { standinHandler } from "./resource.ts";
import { bareMetalServer } from "./vultr/bare-metal.ts";
import { VultrClient } from "./vultr/client.ts";
import { firewallGroup } from "./vultr/firewall-group.ts";
import { firewallRule } from "./vultr/firewall-rule.ts";
import { instance } from "./vultr/instance.ts";
import { snapshot } from "./vultr/snapshot.ts";
import { sshKey } from "./vultr/ssh-key.ts";
import { pluginError } from "./wire.ts";

/** Stand-in for the official `vultr` plugin 2.20.1, for the resource types that a fleet declares. One package serves one engine run. */
export function vultrStandin(env: Readonly<Record<string, string | undefined>>): ProviderPackage {
  let client: VultrClient | undefined;
  const connected = () => {
    if (!client) throw pluginError("the provider is not configured");
    return client;
  };
  const types = [instance, bareMetalServer, firewallGroup, firewallRule, snapshot, sshKey];
  return {
    name: "vultr",
    version: "2.20.1",
    handlers: types.map((type) => standinHandler(type, connected)),

    configDefaults: () => ({ rateLimit: "500", retryLimit: "3" }),

    async configure(variables) {
      const apiKey = variables.apiKey || env.VULTR_API_KEY;
      if (!apiKey) throw pluginError("VULTR_API_KEY is not set");
      const [retryLimit, rateLimit] = [Number(variables.retryLimit ?? 0), Number(variables.rateLimit ?? 0)];
      if (!Number.isInteger(retryLimit) || !Number.isInteger(rateLimit))
        throw pluginError("retry_limit and rate_limit must be integers");
      client = new VultrClient({ apiKey, retryLimit, rateLimit, env });
    },
  };
}
