import { type Context, Hono } from "hono";
import { REGIONS, SIZES } from "./catalog.ts";
import { notFound, unprocessable } from "./errors.ts";
import {
  type Body,
  HOST_NAME,
  readBody,
  readBoolean,
  readList,
  readString,
  readStrings,
  requireString,
  TAG,
} from "./fields.ts";
import type { Machines, NewDroplet } from "./machines.ts";
import { answerList } from "./paging.ts";
import { actionView, dropletView, firewallView } from "./views.ts";
import { type Action, type DigitalOceanWorld, type Droplet, nameKey, tagKey } from "./world.ts";

const DROPLET_LIMIT = 10_000;
const MAX_NAMES = 10;
const MAX_USER_DATA = 65_536;

/** Droplets and the actions on them, below `/droplets`. */
export function dropletRoutes(world: DigitalOceanWorld, machines: Machines): Hono {
  const app = new Hono();
  const of = (c: Context): Droplet => {
    const droplet = world.droplets.get(c.req.param("id") ?? "");
    if (!droplet) throw notFound();
    return droplet;
  };

  app.get("/", (c) => answerList(c, "droplets", filtered(c, world), dropletView));
  app.post("/", async (c) => {
    const body = await readBody(c);
    const { names, isMany } = readNames(body);
    const wanted = readNewDroplet(body, world);
    if (world.droplets.size + names.length > DROPLET_LIMIT) {
      throw unprocessable("Creating these Droplets would exceed your Droplet limit.");
    }
    const made = names.map((name) => machines.create(name, wanted));
    const { origin } = new URL(c.req.url);
    const links = {
      actions: made.map(({ action }) => ({
        id: action.id,
        rel: "create",
        href: `${origin}/v2/actions/${action.id}`,
      })),
    };
    const views = made.map(({ droplet }) => dropletView(droplet));
    return c.json(isMany ? { droplets: views, links } : { droplet: views[0], links }, 202);
  });
  app.delete("/", (c) => {
    const tag = c.req.query("tag_name");
    if (!tag) throw unprocessable("tag_name is required");
    for (const droplet of world.droplets.withKey(tagKey(tag))) machines.destroy(droplet);
    return c.body(null, 204);
  });

  app.get("/:id", (c) => c.json({ droplet: dropletView(of(c)) }));
  app.delete("/:id", (c) => {
    machines.destroy(of(c));
    return c.body(null, 204);
  });
  app.get("/:id/firewalls", (c) => {
    const droplet = of(c);
    const tags = droplet.tags.map((tag) => tag.toLowerCase());
    const around = world.firewalls.values().filter(({ dropletIds, tags: own }) => {
      return dropletIds.includes(droplet.id) || own.some((tag) => tags.includes(tag.toLowerCase()));
    });
    return answerList(c, "firewalls", around, firewallView);
  });

  app.get("/:id/actions", (c) => answerList(c, "actions", world.actions.withKey(String(of(c).id)), actionView));
  app.post("/:id/actions", async (c) => c.json({ action: actionView(machines.act(of(c), await readBody(c))) }, 201));
  app.get("/:id/actions/:actionId", (c) => {
    const droplet = of(c);
    const action = world.actions.get(c.req.param("actionId"));
    if (action?.dropletId !== droplet.id) throw notFound();
    return c.json({ action: actionView(action) });
  });
  return app;
}

/** `/actions`, newest first. */
export function actionRoutes(world: DigitalOceanWorld): Hono {
  const app = new Hono();
  app.get("/", (c) => answerList(c, "actions", world.actions.values().reverse(), actionView));
  app.get("/:id", (c) => {
    const action: Action | undefined = world.actions.get(c.req.param("id"));
    if (!action) throw notFound();
    return c.json({ action: actionView(action) });
  });
  return app;
}

function filtered(c: Context, world: DigitalOceanWorld): Droplet[] {
  const { tag_name: tag, name, type } = c.req.query();
  if (tag !== undefined && (name !== undefined || type !== undefined)) {
    throw unprocessable("tag_name can not be combined with name or type");
  }
  if (type !== undefined && type !== "droplets" && type !== "gpus")
    throw unprocessable("type must be droplets or gpus");
  if (tag !== undefined) return world.droplets.listedWithKey(tagKey(tag));
  // Without a tag the list holds one of the two kinds, and GPU droplets only when they are asked for.
  const candidates = name === undefined ? world.droplets.listed() : world.droplets.listedWithKey(nameKey(name));
  return candidates.filter((droplet) => (SIZES.get(droplet.size)?.gpu !== undefined) === (type === "gpus"));
}

function readNames(body: Body): { names: string[]; isMany: boolean } {
  if (body.names === undefined || body.names === null) {
    return { names: [requireString(body, "name", { pattern: HOST_NAME, max: 255 })], isMany: false };
  }
  const names = readStrings(body, "names", HOST_NAME);
  if (names.length === 0 || names.length > MAX_NAMES) throw unprocessable(`names must hold 1 to ${MAX_NAMES} names`);
  return { names, isMany: true };
}

function readNewDroplet(body: Body, world: DigitalOceanWorld): NewDroplet {
  const size = world.sale.size(requireString(body, "size"));
  if (!size) throw unprocessable("You specified an invalid size for Droplet creation.");
  const slug = readString(body, "region") ?? size.regions[0] ?? "";
  const region = REGIONS.get(slug);
  if (!region) throw unprocessable("You specified an invalid region for Droplet creation.");
  if (!size.regions.includes(region.slug)) throw unprocessable("Size is not available in this region.");
  if (typeof body.image !== "string" && typeof body.image !== "number") throw unprocessable("image is required");
  const image = world.findImage(body.image);
  if (!image) throw unprocessable("You specified an invalid image for Droplet creation.");
  if (image.minDiskGb > size.disk) throw unprocessable("The image is larger than the disk of this size.");
  for (const key of readList(body, "ssh_keys")) checkKey(key, world);
  const userData = readString(body, "user_data", { max: MAX_USER_DATA });
  const given = { ...(userData !== undefined && { userData }), sshKeys: readList(body, "ssh_keys").map(String) };
  const vpcUuid = readString(body, "vpc_uuid") || undefined;
  if (vpcUuid !== undefined && ![...world.vpcs.values()].some((vpc) => vpc.id === vpcUuid && vpc.region === slug)) {
    throw unprocessable("The VPC does not exist in this region.");
  }
  if (readList(body, "volumes").length > 0) throw unprocessable("Volumes are not simulated.");
  return {
    size: size.slug,
    region: region.slug,
    image,
    vpcUuid,
    given,
    tags: readStrings(body, "tags", TAG),
    backups: readBoolean(body, "backups", false),
    ipv6: readBoolean(body, "ipv6", false),
    monitoring: readBoolean(body, "monitoring", false),
    privateNetworking: readBoolean(body, "private_networking", false),
    agent: readBoolean(body, "with_droplet_agent", false),
  };
}

function checkKey(key: unknown, world: DigitalOceanWorld): void {
  const text = String(key);
  const found = world.keys.get(text) ?? world.keys.withKey(text)[0];
  if (!found) throw unprocessable(`${text} is not a key of this account, by id or by fingerprint.`);
}
