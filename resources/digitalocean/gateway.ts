import type { Creation, GatewayProfile } from "../gateway-profile.ts";
import { markIn, markWithin } from "../mark.ts";
import { isNamed, type Named } from "./answers.ts";
import { taggedDroplets } from "./droplets.ts";
import { authorization, digitaloceanList, scopesOf } from "./http.ts";
import { snapshotAction } from "./snapshots.ts";
import { withRootPassword } from "./user-data.ts";

/** What the official plugin sends to make something, and where its owner mark stands. Tags need no look: making one twice is making it once. */
export const gateway: GatewayProfile = {
  environment: (gatewayUrl, token) => ({ DIGITALOCEAN_API_URL: gatewayUrl, DIGITALOCEAN_TOKEN: token }),
  tokenOf: (headers) => /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1],
  authorize: authorization,
  scopes: scopesOf,
  creation(method, path, body) {
    if (method !== "POST" || typeof body !== "object" || body === null) return undefined;
    const fields = body as Record<string, unknown>;
    switch (path.replace(/\/+$/, "")) {
      case "/v2/droplets":
        return droplet(fields);
      case "/v2/firewalls":
        return named("Firewall", "/v2/firewalls", "firewalls", "firewall", fields);
      case "/v2/account/keys":
        return named("SshKey", "/v2/account/keys", "ssh_keys", "ssh_key", fields);
      default: {
        const [, droplet] = /^\/v2\/droplets\/(\d+)\/actions$/.exec(path.replace(/\/+$/, "")) ?? [];
        return droplet === undefined ? undefined : snapshotAction(droplet, fields);
      }
    }
  },
  withSecrets(body, { rootPassword }) {
    if (rootPassword === undefined) return { ...body };
    const hasKeys = Array.isArray(body.ssh_keys) && body.ssh_keys.length > 0;
    const own = typeof body.user_data === "string" ? body.user_data : undefined;
    return { ...body, user_data: withRootPassword(own, { rootPassword, opensSsh: !hasKeys }) };
  },
};

function droplet(fields: Record<string, unknown>): Creation | undefined {
  const mark = Array.isArray(fields.tags) ? markIn(fields.tags.map(String)) : undefined;
  if (!mark) return undefined;
  return {
    kind: "Server",
    key: mark,
    idOf: (answer) => idIn(answer, "droplet"),
    find: async (call) => {
      const [item] = await taggedDroplets(call, mark);
      return item && { status: 202, body: { droplet: item, links: { actions: [] } }, id: String(item.id) };
    },
  };
}

function named(
  kind: Creation["kind"],
  path: string,
  list: string,
  envelope: string,
  fields: Record<string, unknown>,
): Creation | undefined {
  const mark = typeof fields.name === "string" ? markWithin(fields.name) : undefined;
  if (!mark) return undefined;
  return {
    kind,
    key: mark,
    idOf: (answer) => idIn(answer, envelope),
    find: async (call) => {
      const items = await digitaloceanList<Named>(call, path, list, isNamed);
      const item = items.find((candidate) => markWithin(candidate.name) === mark);
      return item && { status: kind === "Firewall" ? 202 : 201, body: { [envelope]: item }, id: String(item.id) };
    },
  };
}

function idIn(answer: unknown, envelope: string): string {
  return String((answer as Record<string, { id: number | string }>)[envelope]!.id);
}
