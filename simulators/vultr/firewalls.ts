import { isIP } from "node:net";
import { type Context, Hono } from "hono";
import { gone, invalid } from "./errors.ts";
import { type Body, readBody, readInteger, readString, requireString } from "./fields.ts";
import { answerList } from "./paging.ts";
import { groupView, ruleView } from "./views.ts";
import type { FirewallGroup, Rule, VultrWorld } from "./world.ts";

const MAX_RULES = 50;
const PROTOCOLS = ["icmp", "tcp", "udp", "gre", "esp", "ah"];

/** Firewall groups and their rules, below `/firewalls`. */
export function firewallRoutes(world: VultrWorld): Hono {
  const app = new Hono();
  const of = (c: Context, otherwise: "group" | "rule" = "group"): FirewallGroup => {
    const group = world.groups.get(c.req.param("id") ?? "");
    if (!group) throw gone(otherwise);
    return group;
  };
  const ruleOf = (c: Context): { group: FirewallGroup; rule: Rule } => {
    const group = of(c, "rule");
    const rule = group.rules.find(({ id }) => String(id) === c.req.param("rule"));
    if (!rule) throw gone("rule");
    return { group, rule };
  };
  const view = (group: FirewallGroup) => groupView(group, world, MAX_RULES);
  const changed = (group: FirewallGroup) => {
    group.modifiedMs = world.clock.now();
    world.groups.changed(group);
  };

  app.get("/", (c) => answerList(c, "firewall_groups", world.groups.listed(), view));
  app.post("/", async (c) => {
    const description = readString(await readBody(c), "description") ?? "";
    const now = world.clock.now();
    const id = world.ids.uuid();
    const group = { id, description, createdMs: now, modifiedMs: now, rules: [], nextRule: 1 };
    return c.json({ firewall_group: view(world.groups.add(group)) }, 201);
  });
  app.get("/:id", (c) => c.json({ firewall_group: view(of(c)) }));
  app.put("/:id", async (c) => {
    const group = of(c);
    group.description = requireString(await readBody(c), "description");
    changed(group);
    return c.body(null, 204);
  });
  app.delete("/:id", (c) => {
    const group = of(c);
    world.groups.delete(group.id);
    for (const instance of world.instances.values()) {
      if (instance.groupId !== group.id) continue;
      instance.groupId = "";
      world.instances.changed(instance);
    }
    return c.body(null, 204);
  });

  app.get("/:id/rules", (c) => answerList(c, "firewall_rules", of(c).rules, ruleView));
  app.post("/:id/rules", async (c) => {
    const group = of(c);
    const wanted = readRule(await readBody(c));
    if (group.rules.length >= MAX_RULES) throw invalid(`A firewall group has at most ${MAX_RULES} rules.`);
    if (group.rules.some((rule) => keyOf(rule) === keyOf(wanted))) throw invalid("This rule is already defined.");
    const rule = { id: group.nextRule, ...wanted };
    group.nextRule += 1;
    group.rules.push(rule);
    changed(group);
    return c.json({ firewall_rule: ruleView(rule) }, 201);
  });
  app.get("/:id/rules/:rule", (c) => c.json({ firewall_rule: ruleView(ruleOf(c).rule) }));
  app.delete("/:id/rules/:rule", (c) => {
    const { group, rule } = ruleOf(c);
    group.rules = group.rules.filter((other) => other !== rule);
    changed(group);
    return c.body(null, 204);
  });
  return app;
}

function readRule(body: Body): Omit<Rule, "id"> {
  const ipType = requireString(body, "ip_type");
  if (ipType !== "v4" && ipType !== "v6") throw invalid("Invalid ip_type.");
  const protocol = requireString(body, "protocol").toLowerCase();
  if (!PROTOCOLS.includes(protocol)) throw invalid("Invalid protocol.");
  const source = readString(body, "source") ?? "";
  if (source !== "" && source !== "cloudflare") throw invalid("Invalid source.");
  const subnet = requireString(body, "subnet");
  if (isIP(subnet) !== (ipType === "v4" ? 4 : 6)) throw invalid("Invalid subnet.");
  const subnetSize = readInteger(body, "subnet_size");
  if (subnetSize === undefined || subnetSize < 0 || subnetSize > (ipType === "v4" ? 32 : 128))
    throw invalid("Invalid subnet_size.");
  return {
    ipType,
    protocol,
    port: readPort(body, protocol),
    subnet,
    subnetSize,
    source,
    notes: readString(body, "notes") ?? "",
  };
}

function readPort(body: Body, protocol: string): string {
  const port = readString(body, "port") ?? "";
  if (protocol !== "tcp" && protocol !== "udp") {
    if (port !== "") throw invalid("Invalid port: only TCP and UDP have ports.");
    return "";
  }
  const [, from, to] = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(port) ?? [];
  const [first, last] = [Number(from), Number(to ?? from)];
  if (!(first >= 1 && last <= 65_535 && first <= last)) throw invalid("Invalid port.");
  return port;
}

function keyOf({ id: _, notes: __, ...rule }: Partial<Rule>): string {
  return JSON.stringify(Object.entries(rule).sort());
}
