import type { Creation, GatewayProfile } from "../gateway-profile.ts";
import { markIn, markWithin } from "../mark.ts";
import { isKey, type Key } from "./answers.ts";
import { isLeaving } from "./devices.ts";
import { authorization, BASE, ENDPOINT, listDevices, listOf } from "./http.ts";

const CREATES = new RegExp(`^${BASE}/projects/([0-9a-f-]+)/(devices|ssh-keys)/?$`);
const DEVICE = new RegExp(`^${BASE}/devices/[0-9a-f-]+/?$`);

/**
 * What the official plugin sends to make something, and where its owner mark stands. Its address is built in; it forgets a device when a single
 * poll of the wait that follows the create goes wrong.
 */
export const gateway: GatewayProfile = {
  host: new URL(ENDPOINT).host,
  environment: (_gatewayUrl, token) => ({ METAL_AUTH_TOKEN: token }),
  tokenOf: (headers) => headers["x-auth-token"],
  authorize: authorization,
  scopes: () => ["minute"],
  creation(method, path, body) {
    if (method !== "POST" || typeof body !== "object" || body === null) return undefined;
    const [, project, list] = CREATES.exec(path) ?? [];
    const fields = body as Record<string, unknown>;
    if (project === undefined) return undefined;
    return list === "devices" ? device(fields) : key(project, fields);
  },
  steady: (method, path) => method === "GET" && DEVICE.test(path),
};

function device(fields: Record<string, unknown>): Creation | undefined {
  const mark = Array.isArray(fields.tags) ? markIn(fields.tags.map(String)) : undefined;
  if (!mark) return undefined;
  return {
    kind: "Server",
    key: mark,
    idOf,
    // Also one that is being made: the plugin then waits for that one.
    find: async (call) => {
      const devices = await listDevices(call, { tag: mark });
      const item = devices.find((each) => each.tags.includes(mark) && !isLeaving(each));
      return item && { status: 201, body: item, id: item.id };
    },
  };
}

function key(project: string, fields: Record<string, unknown>): Creation | undefined {
  const mark = typeof fields.label === "string" ? markWithin(fields.label) : undefined;
  if (!mark) return undefined;
  return {
    kind: "SshKey",
    key: mark,
    idOf,
    find: async (call) => {
      const keys = await listOf<Key>(call, `/projects/${project}/ssh-keys`, "ssh_keys", isKey);
      const item = keys.find(({ label }) => markWithin(label) === mark);
      return item && { status: 201, body: item, id: item.id };
    },
  };
}

function idOf(answer: unknown): string {
  return (answer as { id: string }).id;
}
