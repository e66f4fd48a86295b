import type { Creation, GatewayProfile } from "../gateway-profile.ts";
import { markIn, markWithin } from "../mark.ts";
import { type Device, type Instance, isDevice, isInstance, isLabelled, type Labelled } from "./answers.ts";
import { authorization, linodeList, scopesOf } from "./http.ts";

/** What the official plugin sends to make something, and where its owner mark stands. */
export const gateway: GatewayProfile = {
  environment: (gatewayUrl, token) => ({
    LINODE_URL: gatewayUrl,
    LINODE_TOKEN: token,
    // The plugin's own 4 s make every create wait that long; the gateway paces what this asks for.
    LINODE_EVENT_POLL_MS: "1000",
  }),
  tokenOf: (headers) => /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1],
  authorize: authorization,
  scopes: scopesOf,
  creation(method, path, body) {
    if (method !== "POST" || typeof body !== "object" || body === null) return undefined;
    const fields = body as Record<string, unknown>;
    const route = path.replace(/^\/v4[a-z]*/, "").replace(/\/+$/, "");
    if (route === "/linode/instances") return tagged<Instance>("Server", "/v4/linode/instances", fields, isInstance);
    if (route === "/networking/firewalls")
      return tagged<Labelled>("Firewall", "/v4/networking/firewalls", fields, isLabelled);
    if (route === "/profile/sshkeys") return key(fields);
    const device = /^\/networking\/firewalls\/(\d+)\/devices$/.exec(route);
    return device ? attachment(device[1]!, fields) : undefined;
  },
  // The plugin has sent a random password of its own where an image is installed.
  withSecrets: (body, { rootPassword, stackscriptData }) => ({
    ...body,
    ...(rootPassword !== undefined && { root_pass: rootPassword }),
    ...(stackscriptData !== undefined && { stackscript_data: stackscriptData }),
  }),
};

function tagged<T extends { id: number; tags?: string[]; status?: string }>(
  kind: Creation["kind"],
  path: string,
  fields: Record<string, unknown>,
  isItem: (item: unknown) => item is T,
): Creation | undefined {
  const mark = Array.isArray(fields.tags) ? markIn(fields.tags.map(String)) : undefined;
  if (!mark) return undefined;
  return {
    kind,
    key: mark,
    idOf,
    find: async (call) => {
      const items = await linodeList<T>(call, path, isItem, { tags: mark });
      return found(items.find((item) => item.tags?.includes(mark) && item.status !== "deleting"));
    },
  };
}

function key(fields: Record<string, unknown>): Creation | undefined {
  const mark = typeof fields.label === "string" ? markWithin(fields.label) : undefined;
  if (!mark) return undefined;
  return {
    kind: "SshKey",
    key: mark,
    idOf,
    find: async (call) => {
      const items = await linodeList<Labelled>(call, "/v4/profile/sshkeys", isLabelled);
      return found(items.find((item) => markWithin(item.label) === mark));
    },
  };
}

/** An attachment has no mark; which firewall is on which machine is all there is to it. */
function attachment(firewall: string, fields: Record<string, unknown>): Creation | undefined {
  const { id, type } = fields;
  if (typeof id !== "number" || typeof type !== "string") return undefined;
  return {
    kind: "Attachment",
    key: `linode-firewall-device/${firewall}/${type}/${id}`,
    idOf,
    find: async (call) => {
      const devices = await linodeList<Device>(call, `/v4/networking/firewalls/${firewall}/devices`, isDevice);
      return found(devices.find((device) => device.entity.id === id && device.entity.type === type));
    },
  };
}

function found(item: { id: number } | undefined): Awaited<ReturnType<Creation["find"]>> {
  return item && { status: 200, body: item, id: String(item.id) };
}

function idOf(answer: unknown): string {
  return String((answer as { id: number }).id);
}
