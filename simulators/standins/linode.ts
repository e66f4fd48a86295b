import type { ProviderPackage } from "../../resources/plugin/handler.ts";
import { LinodeClient, step } from "./linode/client.ts";
import { firewall } from "./linode/firewall.ts";
import { firewallDevice } from "./linode/firewall-device.ts";
import { instance } from "./linode/instance.ts";
import { sshKey } from "./linode/ssh-key.ts";
import { standinHandler } from "./resource.ts";
import { pluginError } from "./wire.ts";

const PUBLIC_ADDRESS = "https://api.linode.com";
const POLL_MS = 4_000;

/** Stand-in for the official `linode` plugin 5.1.1, for the resource types that a fleet declares. One package serves one engine run. */
export function linodeStandin(env: Readonly<Record<string, string | undefined>>): ProviderPackage {
  let client: LinodeClient | undefined;
  const connected = () => {
    if (!client) throw pluginError("the provider is not configured");
    return client;
  };
  return {
    name: "linode",
    version: "5.1.1",
    handlers: [instance, firewall, firewallDevice, sshKey].map((type) => standinHandler(type, connected)),

    configDefaults: (): Record<string, string> => (env.LINODE_URL ? { url: env.LINODE_URL } : {}),

    async configure(variables) {
      const token = variables.token ?? env.LINODE_TOKEN;
      if (!token) throw pluginError("The Linode API Token was not specified.");
      const url = (variables.url || env.LINODE_URL || PUBLIC_ADDRESS).replace(/\/v4\/?$/, "");
      const pollMs = Number(variables.eventPollMs || env.LINODE_EVENT_POLL_MS || POLL_MS);
      if (!(pollMs > 0)) throw pluginError("event_poll_ms must be a number above 0");
      const configured = new LinodeClient({ url, token, pollMs, env });
      // Every start of the real plugin asks for this, and fails all resources when it is refused.
      await step(
        "Failed to connect to the Linode API",
        configured.call("GET", "linode/types?page=100", AbortSignal.timeout(60_000)),
      );
      client = configured;
    },
  };
}
