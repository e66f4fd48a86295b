import { createHash } from "node:crypto";
import { type Context, Hono } from "hono";
import { REGIONS } from "./catalog.ts";
import { HyperstackError, missing, refuse, taken } from "./errors.ts";
import { readBody, readList, readString, requireInteger, requireName, requireString } from "./fields.ts";
import { MOST_IN_ENVIRONMENT } from "./instances.ts";
import { answerList } from "./paging.ts";
import { addRule, defaultRules, readRule } from "./rules.ts";
import { environmentView, firewallView, keyPairView, ruleView, volumeView } from "./views.ts";
import type { Environment, Firewall, HyperstackWorld, KeyPair } from "./world.ts";

const PUBLIC_KEY = /^(ssh-(rsa|ed25519)|ecdsa-sha2-nistp\d+) ([A-Za-z0-9+/]+=*)( .*)?$/;
const done = (c: Context, message: string) => c.json({ status: true, message });

/** `/core/environments`. */
export function environmentRoutes(world: HyperstackWorld): Hono {
  const app = new Hono();
  const of = (c: Context): Environment => {
    const found = world.environments.get(c.req.param("id") ?? "");
    if (!found) throw missing(`Environment ${c.req.param("id")}`);
    return found;
  };
  const one = (c: Context, environment: Environment, message: string) =>
    c.json({ status: true, message, environment: environmentView(environment) });

  app.get("/", (c) => {
    const { search = "" } = c.req.query();
    const found = world.environments.listed().filter(({ name, region }) => `${name} ${region}`.includes(search));
    return answerList(c, "environments", found, environmentView);
  });
  app.post("/", async (c) => {
    const body = await readBody(c);
    const name = requireName(body);
    const region = requireString(body, "region");
    if (!REGIONS.some((known) => known.name === region)) throw missing(`Region ${region}`);
    if (world.environments.withKey(name).length > 0) throw taken(`Environment ${name}`);
    return one(c, world.addEnvironment(name, region), "Environment created successfully");
  });
  app.get("/:id", (c) => one(c, of(c), "Getting environment was successful"));
  app.put("/:id", async (c) => {
    const environment = of(c);
    const name = requireName(await readBody(c));
    if (world.environments.withKey(name).some((other) => other !== environment)) throw taken(`Environment ${name}`);
    environment.name = name;
    world.environments.changed(environment);
    return one(c, environment, "Environment updated successfully");
  });
  app.get("/:id/vm-quota", (c) => {
    const environment = of(c);
    const current = world.instances.values().filter((instance) => instance.environment === environment).length;
    return c.json({
      status: true,
      message: "Getting the quota was successful",
      cidr: "10.0.0.0/22",
      current_vms: current,
      max_vms: MOST_IN_ENVIRONMENT,
      available_vms: MOST_IN_ENVIRONMENT - current,
      percentage_used: (current / MOST_IN_ENVIRONMENT) * 100,
    });
  });
  app.delete("/:id", (c) => {
    const environment = of(c);
    const used = [world.instances, world.keyPairs, world.firewalls, world.volumes].some((kind) =>
      kind.values().some((thing) => thing.environment === environment),
    );
    if (used) throw refuse("The environment has resources in it.");
    world.environments.delete(environment.id);
    return done(c, "Environment deleted successfully");
  });
  return app;
}

/** `/core/keypairs` and `/core/keypair/ID`; one alone cannot be read. A name is there once in an environment. */
export function keyPairRoutes(world: HyperstackWorld): Hono {
  const app = new Hono();
  const of = (c: Context): KeyPair => {
    const found = world.keyPairs.get(c.req.param("id") ?? "");
    if (!found) throw missing(`Keypair ${c.req.param("id")}`);
    return found;
  };

  app.get("/keypairs", (c) => answerList(c, "keypairs", world.keyPairs.listed(), keyPairView));
  app.post("/keypairs", async (c) => {
    const body = await readBody(c);
    const name = requireName(body);
    const environment = world.environment(requireString(body, "environment_name"));
    const publicKey = requireString(body, "public_key").trim();
    const blob = PUBLIC_KEY.exec(publicKey)?.[3];
    if (!blob) throw refuse("public_key: Not a valid public key.");
    if (world.keyPairs.withKey(name).some((pair) => pair.environment === environment)) throw taken(`Keypair ${name}`);
    const digest = createHash("md5").update(Buffer.from(blob, "base64")).digest("hex");
    const fingerprint = (digest.match(/../g) ?? []).join(":");
    const id = world.ids.integer();
    const pair = world.keyPairs.add({ id, name, environment, publicKey, fingerprint, createdMs: world.clock.now() });
    return c.json({ status: true, message: "Keypair imported successfully", keypair: keyPairView(pair) });
  });
  app.put("/keypair/:id", async (c) => {
    const pair = of(c);
    pair.name = requireName(await readBody(c));
    world.keyPairs.changed(pair);
    return c.json({ status: true, message: "Keypair updated", keypair: keyPairView(pair) });
  });
  app.delete("/keypair/:id", (c) => {
    world.keyPairs.delete(of(c).id);
    return done(c, "Keypair deleted successfully");
  });
  return app;
}

/** `/core/firewalls`. A name is there once in an environment. */
export function firewallRoutes(world: HyperstackWorld): Hono {
  const app = new Hono();
  const of = (c: Context): Firewall => {
    const found = world.firewalls.get(c.req.param("id") ?? "");
    if (!found) throw missing(`Firewall ${c.req.param("id")}`);
    return found;
  };
  const view = (firewall: Firewall) => firewallView(firewall, world);

  app.get("/", (c) => {
    const { environment = "", search = "" } = c.req.query();
    const found = world.firewalls
      .listed()
      .filter((firewall) => firewall.name.includes(search))
      .filter(({ environment: own }) => own.name.includes(environment) || String(own.id) === environment);
    return answerList(c, "firewalls", found, view);
  });
  app.post("/", async (c) => {
    const body = await readBody(c);
    const name = requireName(body);
    const environment = world.environments.get(requireInteger(body, "environment_id"));
    if (!environment) throw missing("Environment");
    const same = world.firewalls.withKey(name).some((firewall) => firewall.environment === environment);
    if (same) throw taken(`Firewall ${name}`);
    const firewall = world.firewalls.add({
      id: world.ids.integer(),
      name,
      description: readString(body, "description") ?? "",
      environment,
      rules: defaultRules(world),
      attachments: [],
      createdMs: world.clock.now(),
    });
    return c.json({ status: true, message: "Firewall created successfully", firewall: view(firewall) });
  });
  app.get("/:id", (c) => c.json({ status: true, message: "Getting firewall was successful", firewall: view(of(c)) }));
  app.delete("/:id", (c) => {
    const firewall = of(c);
    if (firewall.attachments.length > 0) {
      throw new HyperstackError("conflict", "The firewall is attached to virtual machines.");
    }
    world.firewalls.delete(firewall.id);
    return done(c, "Firewall deleted successfully");
  });
  app.post("/:id/firewall-rules", async (c) => {
    const firewall = of(c);
    const rule = addRule(firewall.rules, readRule(await readBody(c)), world);
    world.firewalls.changed(firewall);
    return c.json({ status: true, message: "Firewall rule added", firewall_rule: ruleView(rule) });
  });
  app.delete("/:id/firewall-rules/:rule", (c) => {
    const firewall = of(c);
    const kept = firewall.rules.filter(({ id }) => String(id) !== c.req.param("rule"));
    if (kept.length === firewall.rules.length) throw missing(`Rule ${c.req.param("rule")}`);
    firewall.rules = kept;
    world.firewalls.changed(firewall);
    return done(c, "Firewall rule deleted");
  });
  app.post("/:id/update-attachments", async (c) => {
    const firewall = of(c);
    const ids = readList(await readBody(c), "vms");
    const instances = ids.map((id) => world.instances.get(String(id)));
    if (instances.includes(undefined)) throw missing("VM");
    const createdMs = world.clock.now();
    firewall.attachments = instances.map((instance) => ({
      id: world.ids.integer(),
      instanceId: instance!.id,
      createdMs,
    }));
    world.firewalls.changed(firewall);
    return done(c, "Firewall attachments updated");
  });
  return app;
}

/** `/core/volumes`, as far as lists need them. */
export function volumeRoutes(world: HyperstackWorld): Hono {
  const app = new Hono();
  app.get("/", (c) => answerList(c, "volumes", world.volumes.listed(), volumeView));
  app.post("/", async (c) => {
    const body = await readBody(c);
    const volume = world.volumes.add({
      id: world.ids.integer(),
      name: requireName(body),
      environment: world.environment(requireString(body, "environment_name")),
      size: requireInteger(body, "size"),
      type: requireString(body, "volume_type"),
      description: readString(body, "description") ?? "",
      createdMs: world.clock.now(),
    });
    return c.json({ status: true, message: "Volume created successfully", volume: volumeView(volume) });
  });
  app.delete("/:id", (c) => {
    if (!world.volumes.delete(c.req.param("id"))) throw missing(`Volume ${c.req.param("id")}`);
    return done(c, "Volume deleted successfully");
  });
  return app;
}
