import { type Context, Hono } from "hono";
import { Consoles } from "./consoles.ts";
import { HyperstackError, missing, refuse, taken } from "./errors.ts";
import {
  type Body,
  readBody,
  readBoolean,
  readLabels,
  readList,
  readString,
  requireInteger,
  requireName,
  requireString,
} from "./fields.ts";
import { ACTION_NAMES, type Machines, type NewInstance } from "./machines.ts";
import { answerList } from "./paging.ts";
import { addRule, readRule } from "./rules.ts";
import { eventView, findImage, instanceView, ruleView } from "./views.ts";
import type { HyperstackWorld, Instance, SecurityRule } from "./world.ts";

const MOST_AT_ONCE = 20;
/** Addresses in an environment's network. */
export const MOST_IN_ENVIRONMENT = 1000;

/** Virtual machines, below `/core/virtual-machines`. Actions on their power are GET requests. */
export function instanceRoutes(world: HyperstackWorld, machines: Machines): Hono {
  const app = new Hono();
  const of = (c: Context): Instance => {
    const id = c.req.param("id") ?? "";
    const instance = /^\d+$/.test(id) ? world.instances.get(id) : undefined;
    if (!instance) throw missing(`VM ${id}`);
    return instance;
  };
  const done = (c: Context, message: string) => c.json({ status: true, message });

  app.get("/", (c) => {
    const { search, environment } = c.req.query();
    const found = world.instances
      .listed()
      .filter((one) => !search || one.name.includes(search) || String(one.id) === search)
      .filter((one) => !environment || one.environment.name.includes(environment));
    return answerList(c, "instances", found, instanceView);
  });
  app.post("/", async (c) => {
    const body = await readBody(c);
    const instances = readNew(body, world, machines).map((wanted) => machines.create(wanted));
    return c.json({ status: true, message: "Created Instance successfully", instances: instances.map(instanceView) });
  });
  app.get("/name-availability/:name", (c) => {
    const name = c.req.param("name");
    const available = world.instances.withKey(name).length === 0;
    return c.json({ available, name, message: available ? "Name is available" : "Name is taken" });
  });
  app.get("/:id", (c) =>
    c.json({ status: true, message: "Getting instance was successful", instance: instanceView(of(c)) }),
  );
  app.delete("/:id", (c) => {
    machines.destroy(of(c));
    return done(c, "VM deletion has been initiated");
  });
  app.get("/:id/events", (c) => {
    const { id } = of(c);
    const events = world.events.filter(({ instanceId }) => instanceId === id).map(eventView);
    return c.json({ status: true, message: "Getting instance events was successful", instance_events: events });
  });

  const consoles = new Consoles(world);
  app.get("/:id/request-console", (c) => c.json(consoles.request(of(c), new URL(c.req.url).origin)));
  app.get("/:id/console/:job", (c) => c.json(consoles.get(of(c), c.req.param("job"))));

  for (const action of ACTION_NAMES) {
    app.get(`/:id/${action}`, (c) => {
      machines.act(of(c), action, c.req.query("retain_ip") === "true");
      return done(c, `${action} has been initiated`);
    });
  }
  app.post("/:id/resize", async (c) => {
    const instance = of(c);
    machines.resize(instance, requireString(await readBody(c), "flavor_name"));
    return done(c, "Resize has been initiated");
  });
  app.put("/:id/label", async (c) => {
    const instance = of(c);
    instance.labels = readLabels(await readBody(c));
    world.instances.changed(instance);
    return done(c, "Labels edited successfully");
  });
  app.post("/:id/attach-firewalls", async (c) => {
    const instance = of(c);
    const ids = readList(await readBody(c), "firewalls");
    if (!ids.every((id): id is number => Number.isInteger(id))) throw refuse("firewalls: Not a valid integer.");
    machines.attachFirewalls(instance, ids);
    return done(c, "Firewalls attached successfully");
  });
  app.post("/:id/attach-floatingip", (c) => {
    machines.attachAddress(of(c));
    return done(c, "Attaching the public IP has been initiated");
  });
  app.post("/:id/detach-floatingip", (c) => {
    machines.detachAddress(of(c));
    return done(c, "Detaching the public IP has been initiated");
  });
  app.post("/:id/sg-rules", async (c) => {
    const instance = of(c);
    const rule = addRule(instance.rules, readRule(await readBody(c)), world);
    return c.json({ status: true, message: "Security rule created", security_rule: ruleView(rule) });
  });
  app.delete("/:id/sg-rules/:rule", (c) => {
    const instance = of(c);
    const kept = instance.rules.filter(({ id }) => String(id) !== c.req.param("rule"));
    if (kept.length === instance.rules.length) throw missing(`Rule ${c.req.param("rule")}`);
    instance.rules = kept;
    return done(c, "Security rule deleted");
  });
  return app;
}

function readNew(body: Body, world: HyperstackWorld, machines: Machines): NewInstance[] {
  const name = requireName(body);
  const count = requireInteger(body, "count");
  if (count < 1 || count > MOST_AT_ONCE) throw refuse(`count: Must be from 1 to ${MOST_AT_ONCE}.`);
  const environment = world.environment(requireString(body, "environment_name"));
  const { region } = environment;
  const flavor = machines.flavor(requireString(body, "flavor_name"), region);
  const image = requireString(body, "image_name");
  if (!findImage(image, region)) throw missing(`Image ${image} in ${region}`);
  const keyName = requireString(body, "key_name");
  if (!world.keyPairs.withKey(keyName).some((pair) => pair.environment === environment)) {
    throw missing(`Keypair ${keyName} in ${environment.name}`);
  }
  readString(body, "user_data");
  const here = world.instances.values().filter((instance) => instance.environment === environment).length;
  if (here + count > MOST_IN_ENVIRONMENT) throw refuse(`Environment ${environment.name} is at its VM quota.`);

  const names = count === 1 ? [name] : Array.from({ length: count }, (_, index) => `${name}-${index}`);
  const known = names.find((one) => world.instances.withKey(one).length > 0);
  if (known !== undefined) throw taken(`VM ${known}`);
  const wantsPublicIp = readBoolean(body, "assign_floating_ip", false);
  const portRandomization = wantsPublicIp && readBoolean(body, "enable_port_randomization", true);
  readBoolean(body, "create_bootable_volume", false);
  const labels = readLabels(body);
  return names.map((one) => ({
    name: one,
    environment,
    flavor,
    image,
    keyName,
    wantsPublicIp,
    portRandomization,
    labels: [...labels],
    rules: readRules(body, world),
  }));
}

function readRules(body: Body, world: HyperstackWorld): SecurityRule[] {
  const rules: SecurityRule[] = [];
  for (const item of readList(body, "security_rules")) {
    if (typeof item !== "object" || item === null)
      throw new HyperstackError("bad_request", "security_rules: Not valid.");
    addRule(rules, readRule(item as Body), world);
  }
  return rules;
}
