import type { Call } from "../cloud.ts";
import type { Creation, GatewayProfile } from "../gateway-profile.ts";
import { markIn, markWithin } from "../mark.ts";
import {
  type BareMetal,
  type FirewallGroup,
  type GroupRule,
  type Instance,
  isBareMetal,
  isFirewallGroup,
  isGroupRule,
  isInstance,
  isSshKey,
  type SshKey,
} from "./answers.ts";
import { normalized, ruleKey } from "./firewall.ts";
import { authorization, HOST, scopesOf, vultrList } from "./http.ts";
import { type Kind, serverId } from "./ids.ts";
import { listSnapshots, NO_SNAPSHOT } from "./snapshots.ts";

type Fields = Record<string, unknown>;

/** What the official plugin sends to make something, where its owner mark stands, and what its updates say wrongly. */
export const gateway: GatewayProfile = {
  host: HOST,
  environment: (_gatewayUrl, token) => ({ VULTR_API_KEY: token }),
  tokenOf: (headers) => /^Bearer (\S+)$/i.exec(headers.authorization ?? "")?.[1],
  authorize: authorization,
  scopes: scopesOf,
  creation(method, path, body) {
    const fields = fieldsOf(body);
    if (method !== "POST" || !fields) return undefined;
    const route = path.replace(/\/+$/, "");
    if (route === "/v2/instances") return machine<Instance>("instances", "instance", isInstance, fields);
    if (route === "/v2/bare-metals") return machine<BareMetal>("bare-metals", "bare_metal", isBareMetal, fields);
    if (route === "/v2/firewalls") return group(fields);
    if (route === "/v2/ssh-keys") return key(fields);
    if (route === "/v2/snapshots") return snapshot(fields);
    const rules = /^\/v2\/firewalls\/([^/]+)\/rules$/.exec(route);
    return rules ? rule(rules[1]!, fields) : undefined;
  },
  problem: (status, _code, message) => ({
    contentType: "application/json",
    body: JSON.stringify({ error: message, status }),
  }),
  // A refresh drops what one of these is told to be gone.
  steady: (method, path) =>
    method === "GET" &&
    /^\/v2\/(instances|bare-metals|ssh-keys|firewalls|snapshots)\/[^/]+(\/rules\/\d+)?\/?$/.test(path),
  // Of a snapshot the plugin fails on a 404, again and again, and takes an answer without one for "gone".
  asGone(path, body) {
    return /^\/v2\/snapshots\/[^/]+\/?$/.test(path) && NO_SNAPSHOT.test(body) ? {} : undefined;
  },
  amend(method, path, body) {
    const fields = fieldsOf(body);
    const [, kind] = /^\/v2\/(instances|bare-metals)\/[^/]+\/?$/.exec(path) ?? [];
    if (method !== "PATCH" || !fields || kind === undefined) return undefined;
    const { tags, ...rest } = fields;
    // No tags is how the plugin says that they did not change: every machine of ours has its mark among them.
    const kept = Array.isArray(tags) && tags.length > 0 ? { tags } : {};
    // An empty id, which says that there is to be no firewall, is left out by the plugin.
    return { ...(kind === "instances" ? { firewall_group_id: "" } : {}), ...rest, ...kept };
  },
};

const fieldsOf = (body: unknown): Fields | undefined =>
  typeof body === "object" && body !== null && !Array.isArray(body) ? (body as Fields) : undefined;

function machine<T extends Instance | BareMetal>(
  kind: Kind,
  envelope: string,
  isItem: (item: unknown) => item is T,
  { tags }: Fields,
): Creation | undefined {
  const mark = Array.isArray(tags) ? markIn(tags.map(String)) : undefined;
  if (!mark) return undefined;
  const list = kind === "instances" ? "instances" : "bare_metals";
  return {
    kind: "Server",
    key: mark,
    idOf: (answer) => serverId(kind, idIn(answer, envelope)),
    find: async (call) => {
      const items = await vultrList<T>(call, `/v2/${kind}`, list, isItem);
      const item = items.find((candidate) => candidate.tags.includes(mark));
      return item && { status: 202, body: { [envelope]: item }, id: serverId(kind, item.id) };
    },
  };
}

function group({ description }: Fields): Creation | undefined {
  const mark = typeof description === "string" ? markWithin(description) : undefined;
  const list = (call: Call) => vultrList<FirewallGroup>(call, "/v2/firewalls", "firewall_groups", isFirewallGroup);
  return mark ? named("Firewall", mark, "firewall_group", list, (item) => item.description) : undefined;
}

function key({ name }: Fields): Creation | undefined {
  const mark = typeof name === "string" ? markWithin(name) : undefined;
  const list = (call: Call) => vultrList<SshKey>(call, "/v2/ssh-keys", "ssh_keys", isSshKey);
  return mark ? named("SshKey", mark, "ssh_key", list, (item) => item.name) : undefined;
}

function snapshot({ description }: Fields): Creation | undefined {
  const mark = typeof description === "string" ? markWithin(description) : undefined;
  return mark ? named("Snapshot", mark, "snapshot", listSnapshots, (item) => item.description ?? "") : undefined;
}

function named<T extends { id: string }>(
  kind: Creation["kind"],
  mark: string,
  envelope: string,
  list: (call: Call) => Promise<T[]>,
  textOf: (item: T) => string,
): Creation {
  return {
    kind,
    key: mark,
    idOf: (answer) => idIn(answer, envelope),
    find: async (call) => {
      const item = (await list(call)).find((candidate) => markWithin(textOf(candidate)) === mark);
      return item && { status: 201, body: { [envelope]: item }, id: item.id };
    },
  };
}

/** A rule has no mark; what it lets through to which group is all there is to it. */
function rule(groupId: string, fields: Fields): Creation | undefined {
  const wanted = { id: 0, ...fields };
  if (!isGroupRule(wanted)) return undefined;
  const wantedKey = ruleKey(normalized(wanted));
  return {
    kind: "Attachment",
    key: `vultr-firewall-rule/${groupId}/${wantedKey}`,
    idOf: (answer) => idIn(answer, "firewall_rule"),
    find: async (call) => {
      const path = `/v2/firewalls/${groupId}/rules`;
      const rules = await vultrList<GroupRule>(call, path, "firewall_rules", isGroupRule);
      const item = rules.find((each) => ruleKey(normalized(each)) === wantedKey);
      return item && { status: 201, body: { firewall_rule: item }, id: String(item.id) };
    },
  };
}

function idIn(answer: unknown, envelope: string): string {
  return String((answer as Record<string, { id: number | string }>)[envelope]!.id);
}
