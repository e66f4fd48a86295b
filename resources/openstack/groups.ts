import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { markWithin } from "../mark.ts";
import { isPort, isSecurityGroup, type Port, type SecurityGroup } from "./answers.ts";
import { lineOf, type RuleLine, ruleBody } from "./firewall.ts";
import { invalidAnswer, openstack } from "./http.ts";
import { listAll } from "./lists.ts";
import { sessionOf } from "./session.ts";
import { neutronSaysGone } from "./words.ts";

/** Security groups of the project; an administrator would see those of all. */
export async function listGroups(call: Call, query: { name?: string } = {}): Promise<SecurityGroup[]> {
  const { projectId } = await sessionOf(call);
  const options = { service: "network", path: "/security-groups", key: "security_groups" } as const;
  return listAll(call, { ...options, query: { project_id: projectId, ...query }, isItem: isSecurityGroup });
}

export async function groupsWithMark(call: Call, mark: string): Promise<SecurityGroup[]> {
  return (await listGroups(call)).filter((group) => markWithin(group.description ?? "") === mark);
}

/** Undefined only when Neutron itself says that it is gone. */
export async function readGroup(call: Call, id: string): Promise<SecurityGroup | undefined> {
  const path = `/security-groups/${encodeURIComponent(id)}`;
  const { status, body } = await openstack<{ security_group?: unknown } | null>(call, "network", {
    method: "GET",
    path,
    ok: [404],
  });
  if (status === 404) {
    if (neutronSaysGone(body)) return undefined;
    throw invalidAnswer(call, "GET", path, "it is a 404 that is not Neutron's");
  }
  const group = body?.security_group;
  if (!isSecurityGroup(group) || group.id !== id)
    throw invalidAnswer(call, "GET", path, "it is not the group asked for");
  return group;
}

/** Brings the rules of a group to these lines: what is missing is added first, so that nothing is shut out meanwhile. May be repeated. */
export async function syncRules(call: Call, group: SecurityGroup, wanted: readonly RuleLine[]): Promise<void> {
  const rules = group.security_group_rules.map((rule) => ({ id: rule.id, line: lineOf(rule) }));
  const there = new Set(rules.map(({ line }) => line));
  for (const line of wanted) if (!there.has(line)) await addRule(call, group.id, line);
  for (const { id, line } of rules) {
    if (wanted.includes(line)) continue;
    const path = `/security-group-rules/${id}`;
    await openstack(call, "network", { method: "DELETE", path, answer: "none", ok: [404] });
  }
}

async function addRule(call: Call, group: string, line: RuleLine): Promise<void> {
  const json = { security_group_rule: ruleBody(line, group) };
  try {
    // The same rule twice is refused, so sending it again does no harm.
    await openstack(call, "network", { method: "POST", path: "/security-group-rules", json, idempotent: true });
  } catch (error) {
    const exists = error instanceof FleetError && error.at.status === 409 && /already exists/.test(error.message);
    if (!exists) throw error;
  }
}

/** Ports of a server that Neutron guards. */
async function guardedPorts(call: Call, server: string): Promise<Port[]> {
  const options = { service: "network", path: "/ports", key: "ports", query: { device_id: server } } as const;
  const ports = await listAll(call, { ...options, isItem: isPort });
  return ports.filter((port) => port.port_security_enabled !== false);
}

/** Ids of the groups that guard all of a server's ports. */
export async function groupsOfServer(call: Call, server: string): Promise<string[]> {
  const ports = await guardedPorts(call, server);
  const [first = [], ...others] = ports.map((port) => port.security_groups);
  return first.filter((group) => others.every((groups) => groups.includes(group))).sort();
}

/** Puts these groups on every port of a server; with none the project's `default`, as on a new server. */
export async function setGroups(call: Call, server: string, groups: readonly string[]): Promise<void> {
  const wanted = groups.length > 0 ? [...groups].sort() : [await defaultGroup(call)];
  for (const port of await guardedPorts(call, server)) {
    if ([...port.security_groups].sort().join() === wanted.join()) continue;
    const path = `/ports/${port.id}`;
    await openstack(call, "network", { method: "PUT", path, json: { port: { security_groups: wanted } } });
  }
}

async function defaultGroup(call: Call): Promise<string> {
  const [group] = await listGroups(call, { name: "default" });
  if (group) return group.id;
  throw new FleetError("NOT_FOUND", "the project has no security group named default", {
    account: call.account.spec.name,
  });
}
