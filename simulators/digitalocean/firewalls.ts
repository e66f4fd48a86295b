import { type Context, Hono } from "hono";
import { DigitalOceanError, notFound, unprocessable } from "./errors.ts";
import { type Body, readBody, readIntegers, readStrings, requireString, TAG } from "./fields.ts";
import { answerList } from "./paging.ts";
import { checkDroplets, checkTags, readRules } from "./rules.ts";
import { firewallView } from "./views.ts";
import { type DigitalOceanWorld, type Firewall, nameKey, type Rule, tagKey } from "./world.ts";

const MAX_DROPLETS = 10;
const MAX_TAGS = 5;
const MAX_RULES = 50;

type Content = Pick<Firewall, "name" | "dropletIds" | "tags" | "inbound" | "outbound">;

/** Firewalls: attached to droplets by id or by tag, from the firewall's side. */
export function firewallRoutes(world: DigitalOceanWorld): Hono {
  const app = new Hono();
  const of = (c: Context): Firewall => {
    const firewall = world.firewalls.get(c.req.param("id") ?? "");
    if (!firewall) throw notFound();
    return firewall;
  };

  app.get("/", (c) => answerList(c, "firewalls", world.firewalls.listed(), firewallView));
  app.post("/", async (c) => {
    const content = readFirewall(await readBody(c), world);
    const firewall: Firewall = {
      ...content,
      id: world.ids.uuid(),
      createdMs: world.clock.now(),
      status: "waiting",
      pending: [],
    };
    settle(firewall, world);
    return c.json({ firewall: firewallView(firewall) }, 202);
  });
  app.get("/:id", (c) => c.json({ firewall: firewallView(of(c)) }));
  app.put("/:id", async (c) => {
    const firewall = of(c);
    Object.assign(firewall, readFirewall(await readBody(c), world, firewall));
    settle(firewall, world);
    return c.json({ firewall: firewallView(firewall) });
  });
  app.delete("/:id", (c) => {
    world.firewalls.delete(of(c).id);
    return c.body(null, 204);
  });

  for (const method of ["post", "delete"] as const) {
    const isAdding = method === "post";
    app[method]("/:id/droplets", async (c) => {
      const firewall = of(c);
      const ids = readIntegers(await readBody(c), "droplet_ids");
      if (isAdding) checkDroplets(ids, world);
      return change(c, firewall, { dropletIds: merge(firewall.dropletIds, ids, isAdding) });
    });
    app[method]("/:id/tags", async (c) => {
      const firewall = of(c);
      const tags = readStrings(await readBody(c), "tags", TAG);
      if (isAdding) checkTags(tags, world);
      return change(c, firewall, { tags: merge(firewall.tags, tags, isAdding) });
    });
    app[method]("/:id/rules", async (c) => {
      const firewall = of(c);
      const body = await readBody(c);
      const inbound = mergeRules(firewall.inbound, readRules(body, "inbound", world), isAdding);
      const outbound = mergeRules(firewall.outbound, readRules(body, "outbound", world), isAdding);
      return change(c, firewall, { inbound, outbound });
    });
  }

  function change(c: Context, firewall: Firewall, changes: Partial<Content>): Response {
    checkSizes({ ...firewall, ...changes });
    Object.assign(firewall, changes);
    settle(firewall, world);
    return c.body(null, 204);
  }
  return app;
}

function readFirewall(body: Body, world: DigitalOceanWorld, own?: Firewall): Content {
  const content = {
    name: requireString(body, "name", { pattern: /^[a-zA-Z0-9][a-zA-Z0-9.-]+$/, max: 255 }),
    dropletIds: readIntegers(body, "droplet_ids"),
    tags: readStrings(body, "tags", TAG),
    inbound: readRules(body, "inbound", world),
    outbound: readRules(body, "outbound", world),
  };
  if (world.firewalls.withKey(nameKey(content.name)).some((other) => other !== own)) {
    throw new DigitalOceanError("conflict", "duplicate name");
  }
  checkTags(content.tags, world);
  checkDroplets(content.dropletIds, world);
  checkSizes(content);
  return content;
}

function checkSizes({ dropletIds, tags, inbound, outbound }: Content): void {
  const rules = inbound.length + outbound.length;
  if (rules === 0) throw unprocessable("a firewall must have at least one inbound or outbound rule");
  if (rules > MAX_RULES) throw unprocessable(`a firewall has at most ${MAX_RULES} rules`);
  if (dropletIds.length > MAX_DROPLETS)
    throw unprocessable(`a firewall has at most ${MAX_DROPLETS} Droplets, use tags`);
  if (tags.length > MAX_TAGS) throw unprocessable(`a firewall has at most ${MAX_TAGS} tags`);
}

/** The droplets take the change over after a while; until then the firewall waits for them. */
function settle(firewall: Firewall, world: DigitalOceanWorld): void {
  const behind = new Set([
    ...firewall.dropletIds,
    ...firewall.tags.flatMap((tag) => world.droplets.withKey(tagKey(tag)).map((droplet) => droplet.id)),
  ]);
  const pending = [...behind].map((id) => ({ droplet_id: id, removing: false, status: "waiting" }));
  firewall.pending = pending;
  firewall.status = "waiting";
  world.firewalls.changed(firewall);
  world.clock.after(world.actionMs, () => {
    // A later change has its own waiting list.
    if (firewall.pending !== pending || !world.firewalls.get(firewall.id)) return;
    firewall.pending = [];
    firewall.status = "succeeded";
    world.firewalls.changed(firewall);
  });
}

function merge<T>(before: readonly T[], named: readonly T[], isAdding: boolean): T[] {
  return isAdding ? [...new Set([...before, ...named])] : before.filter((value) => !named.includes(value));
}

function mergeRules(before: readonly Rule[], named: readonly Rule[], isAdding: boolean): Rule[] {
  const keys = new Set(named.map((rule) => JSON.stringify(rule)));
  const others = before.filter((rule) => !keys.has(JSON.stringify(rule)));
  return isAdding ? [...others, ...named] : others;
}
