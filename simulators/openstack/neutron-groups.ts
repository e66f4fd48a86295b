import { isIP } from "node:net";
import { neutronError } from "./errors.ts";
import { bodyOf, isAdmin, list, type NeutronApp, type NeutronContext, projectOf } from "./neutron-request.ts";
import { isoSeconds } from "./wire.ts";
import type { Group, Rule, World } from "./world.ts";

/** Security groups and their rules. A new group lets everything out, and each project has one named `default`. */
export function groupRoutes(app: NeutronApp, world: World): void {
  const mine = (c: NeutronContext) => {
    world.defaultGroup(projectOf(c));
    return [...world.groups.values()].filter(({ project }) => isAdmin(c) || project === projectOf(c));
  };
  const found = (c: NeutronContext, id = c.req.param("id") ?? ""): Group => {
    const group = mine(c).find((candidate) => candidate.id === id);
    if (!group) throw neutronError(404, "SecurityGroupNotFound", `Security group ${id} does not exist`);
    return group;
  };

  app.get("/v2.0/security-groups", (c) => list(c, "security_groups", mine(c).map(groupView)));
  app.get("/v2.0/security-groups/:id", (c) => c.json({ security_group: groupView(found(c)) }));

  app.post("/v2.0/security-groups", async (c) => {
    const { name = "", description = "" } = await bodyOf(c, "security_group");
    checkText("name", name);
    checkText("description", description);
    if (name === "default") {
      throw neutronError(409, "SecurityGroupDefaultAlreadyExists", "Default security group already exists.");
    }
    const project = projectOf(c);
    const own = [...world.groups.values()].filter((group) => group.project === project);
    if (own.length >= world.quota(project).security_group) overQuota("security_group");
    const now = world.clock.now();
    const group: Group = {
      id: world.ids.uuid(),
      name: String(name),
      description: String(description),
      project,
      rules: [],
      createdAt: now,
      updatedAt: now,
    };
    world.addEgress(group);
    world.groups.set(group.id, group);
    return c.json({ security_group: groupView(group) }, 201);
  });

  app.put("/v2.0/security-groups/:id", async (c) => {
    const group = found(c);
    const { name, description } = await bodyOf(c, "security_group");
    if (name !== undefined && group.name === "default") {
      throw neutronError(409, "SecurityGroupCannotUpdateDefault", "Updating default security group not allowed.");
    }
    if (name !== undefined) group.name = checkText("name", name);
    if (description !== undefined) group.description = checkText("description", description);
    group.updatedAt = world.clock.now();
    return c.json({ security_group: groupView(group) });
  });

  app.delete("/v2.0/security-groups/:id", (c) => {
    const group = found(c);
    if (group.name === "default" && !isAdmin(c)) {
      throw neutronError(409, "SecurityGroupCannotRemoveDefault", "Removing default security group not allowed.");
    }
    if ([...world.ports.values()].some((port) => port.groups.includes(group.id))) {
      throw neutronError(409, "SecurityGroupInUse", `Security Group ${group.id} in use.`);
    }
    world.groups.delete(group.id);
    return c.body(null, 204);
  });

  for (const path of ["/v2.0/quotas/:id", "/v2.0/quotas/:id/default"]) {
    app.get(path, (c) => {
      const { security_group, security_group_rule } = world.quota(c.req.param("id") ?? "");
      const others = {
        network: 100,
        subnet: 100,
        port: 500,
        router: 10,
        floatingip: 50,
        subnetpool: -1,
        rbac_policy: 10,
      };
      return c.json({ quota: { ...others, security_group, security_group_rule } });
    });
  }

  ruleRoutes(app, world, mine, found);
}

function ruleRoutes(
  app: NeutronApp,
  world: World,
  mine: (c: NeutronContext) => Group[],
  found: (c: NeutronContext, id?: string) => Group,
): void {
  const all = (c: NeutronContext) => mine(c).flatMap((group) => group.rules.map((rule) => ruleView(rule, group)));
  const missing = (id: string) =>
    neutronError(404, "SecurityGroupRuleNotFound", `Security group rule ${id} does not exist`);

  app.get("/v2.0/security-group-rules", (c) => list(c, "security_group_rules", all(c)));
  app.get("/v2.0/security-group-rules/:id", (c) => {
    const rule = all(c).find(({ id }) => id === c.req.param("id"));
    if (!rule) throw missing(c.req.param("id"));
    return c.json({ security_group_rule: rule });
  });

  app.post("/v2.0/security-group-rules", async (c) => {
    const given = await bodyOf(c, "security_group_rule");
    const group = found(c, String(given.security_group_id ?? ""));
    const rule = ruleOf(given, world);
    const same = group.rules.find((other) => keyOf(other) === keyOf(rule));
    if (same) {
      const message = `Security group rule already exists. Rule id is ${same.id}.`;
      throw neutronError(409, "SecurityGroupRuleExists", message);
    }
    const count = mine(c).reduce((sum, { rules }) => sum + rules.length, 0);
    if (count >= world.quota(group.project).security_group_rule) overQuota("security_group_rule");
    group.rules.push(rule);
    return c.json({ security_group_rule: ruleView(rule, group) }, 201);
  });

  app.delete("/v2.0/security-group-rules/:id", (c) => {
    const id = c.req.param("id");
    const group = mine(c).find(({ rules }) => rules.some((rule) => rule.id === id));
    if (!group) throw missing(id);
    group.rules = group.rules.filter((rule) => rule.id !== id);
    return c.body(null, 204);
  });
}

const PROTOCOLS = new Set(
  "ah dccp egp esp gre hopopt icmp igmp ip ipip ipv6-encap ipv6-frag ipv6-icmp icmpv6 ipv6-nonxt ipv6-opts ipv6-route ospf pgm rsvp sctp tcp udp udplite vrrp".split(
    " ",
  ),
);

function ruleOf(given: Record<string, unknown>, world: World): Rule {
  const { direction, ethertype = "IPv4" } = given;
  const bad = (message: string) => neutronError(400, "HTTPBadRequest", message);
  if (direction !== "ingress" && direction !== "egress") {
    throw bad(`Invalid input for direction. Reason: '${direction}' is not in ['ingress', 'egress'].`);
  }
  if (ethertype !== "IPv4" && ethertype !== "IPv6")
    throw bad(`Security group rule for ethertype '${ethertype}' not supported.`);
  const protocol = protocolOf(given.protocol);
  const [min, max] = [given.port_range_min, given.port_range_max].map((port) =>
    port === null || port === undefined ? null : Number(port),
  );
  checkPorts(protocol, min ?? null, max ?? null);
  const prefix =
    given.remote_ip_prefix === null || given.remote_ip_prefix === undefined ? null : String(given.remote_ip_prefix);
  const group =
    given.remote_group_id === null || given.remote_group_id === undefined ? null : String(given.remote_group_id);
  if (prefix !== null) {
    if (group !== null)
      throw neutronError(
        400,
        "SecurityGroupRemoteGroupAndRemoteIpPrefix",
        "Only remote_ip_prefix or remote_group_id may be provided.",
      );
    const version = isIP(prefix.split("/")[0] ?? "");
    if (version === 0) throw bad(`Invalid input for remote_ip_prefix. Reason: '${prefix}' is not a valid IP subnet.`);
    if (version !== (ethertype === "IPv6" ? 6 : 4)) {
      throw neutronError(
        400,
        "SecurityGroupRuleParameterConflict",
        `Conflicting value ethertype ${ethertype} for CIDR ${prefix}`,
      );
    }
  }
  return {
    id: world.ids.uuid(),
    direction,
    ethertype,
    // Neutron knows ICMP of IPv6 under several names, and keeps one.
    protocol: ethertype === "IPv6" && (protocol === "icmp" || protocol === "icmpv6") ? "ipv6-icmp" : protocol,
    min: min ?? null,
    max: max ?? null,
    prefix,
    group,
    description: String(given.description ?? ""),
  };
}

function protocolOf(protocol: unknown): string | null {
  if (protocol === null || protocol === undefined || protocol === "any") return null;
  const text = String(protocol).toLowerCase();
  if (PROTOCOLS.has(text) || (/^\d+$/.test(text) && Number(text) <= 255)) return text;
  const message = `Security group rule protocol ${protocol} not supported. Only protocol values [None, 'ah', 'icmp', 'tcp', 'udp', …] and integer representations [0 to 255] are supported.`;
  throw neutronError(400, "SecurityGroupRuleInvalidProtocol", message);
}

function checkPorts(protocol: string | null, min: number | null, max: number | null): void {
  if (min === null && max === null) return;
  if (protocol === null) {
    throw neutronError(
      400,
      "SecurityGroupProtocolRequiredWithPorts",
      "Must also specify protocol if port range is given.",
    );
  }
  if (protocol.includes("icmp")) return;
  if (min !== null && max !== null && min <= max && min >= 1 && max <= 65_535) return;
  throw neutronError(
    400,
    "SecurityGroupInvalidPortRange",
    "For TCP/UDP protocols, port_range_min must be <= port_range_max",
  );
}

/** An absent block and the one that holds every address are the same rule. */
function keyOf({ direction, ethertype, protocol, min, max, prefix, group }: Rule): string {
  const everywhere = prefix === "0.0.0.0/0" || prefix === "::/0";
  return JSON.stringify([direction, ethertype, protocol, min, max, everywhere ? null : prefix, group]);
}

function checkText(name: string, value: unknown): string {
  if (typeof value === "string" && value.length <= 255) return value;
  throw neutronError(
    400,
    "HTTPBadRequest",
    `Invalid input for ${name}. Reason: '${value}' exceeds maximum length of 255.`,
  );
}

function overQuota(resource: string): never {
  throw neutronError(409, "OverQuota", `Quota exceeded for resources: ['${resource}'].`);
}

function groupView(group: Group) {
  return {
    id: group.id,
    name: group.name,
    description: group.description,
    tenant_id: group.project,
    project_id: group.project,
    stateful: true,
    shared: false,
    security_group_rules: group.rules.map((rule) => ruleView(rule, group)),
    tags: [],
    created_at: isoSeconds(group.createdAt),
    updated_at: isoSeconds(group.updatedAt),
    revision_number: 1,
  };
}

function ruleView(rule: Rule, group: Group) {
  return {
    id: rule.id,
    security_group_id: group.id,
    direction: rule.direction,
    ethertype: rule.ethertype,
    protocol: rule.protocol,
    port_range_min: rule.min,
    port_range_max: rule.max,
    remote_ip_prefix: rule.prefix,
    remote_group_id: rule.group,
    remote_address_group_id: null,
    normalized_cidr: rule.prefix,
    description: rule.description,
    tenant_id: group.project,
    project_id: group.project,
    standard_attr_id: 1,
    tags: [],
    created_at: isoSeconds(group.createdAt),
    updated_at: isoSeconds(group.createdAt),
    revision_number: 0,
  };
}
