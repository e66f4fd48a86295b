import type { ProviderPackage } from "../../resources/plugin/handler.ts";
import { DigitalOceanClient } from "./digitalocean/client.ts";
import { droplet } from "./digitalocean/droplet.ts";
import { dropletSnapshot } from "./digitalocean/droplet-snapshot.ts";
import { firewall } from "./digitalocean/firewall.ts";
import { sshKey } from "./digitalocean/ssh-key.ts";
import { tag } from "./digitalocean/tag.ts";
import { standinHandler } from "./resource.ts";
import { pluginError } from "./wire.ts";

const PUBLIC_ADDRESS = "https://api.digitalocean.com";

/** Stand-in for the official `digitalocean` plugin 4.80.1, for the resource types that a fleet declares. One package serves one engine run. */
export function digitaloceanStandin(env: Readonly<Record<string, string | undefined>>): ProviderPackage {
  let client: DigitalOceanClient | undefined;
  const connected = () => {
    if (!client) throw pluginError("the provider is not configured");
    return client;
  };
  return {
    name: "digitalocean",
    version: "4.80.1",
    handlers: [droplet, dropletSnapshot, firewall, sshKey, tag].map((type) => standinHandler(type, connected)),

    configDefaults: () => ({ apiEndpoint: env.DIGITALOCEAN_API_URL || PUBLIC_ADDRESS }),

    async configure(variables) {
      const token = variables.token || env.DIGITALOCEAN_TOKEN || env.DIGITALOCEAN_ACCESS_TOKEN;
      if (!token) throw pluginError("DIGITALOCEAN_TOKEN is not set");
      const retries = variables.httpRetryMax || env.DIGITALOCEAN_HTTP_RETRY_MAX;
      if (retries !== undefined && !(Number(retries) >= 0))
        throw pluginError("http_retry_max must be a number of 0 or more");
      const url = variables.apiEndpoint || env.DIGITALOCEAN_API_URL || PUBLIC_ADDRESS;
      client = new DigitalOceanClient({
        url,
        token,
        env,
        ...(retries === undefined ? {} : { retries: Number(retries) }),
      });
    },
  };
}
