import { type Context, Hono } from "hono";
import { IMAGES, REGIONS, TYPES } from "./catalog.ts";
import { badRequest, notFound } from "./errors.ts";
import { type Body, Fields, LABEL, LABEL_HELP, readBody, SSH_KEY } from "./fields.ts";
import type { Machines, NewLinode } from "./machines.ts";
import { answerList } from "./paging.ts";
import { STACKSCRIPTS } from "./sale.ts";
import { statsOf } from "./stats.ts";
import { linodeView } from "./views.ts";
import { type Given, type Linode, type LinodeWorld, labelKey } from "./world.ts";

const FILTERABLE = ["id", "label", "group", "image", "ipv4", "region", "tags"];
const MAX_USER_DATA_BYTES = 16_384;
const DEFAULT_SWAP_MB = 512;

/** The Linode of the path. @throws {LinodeError} 404 */
export function linodeOf(c: Context, world: LinodeWorld): Linode {
  const linode = world.linodes.get(c.req.param("id") ?? "");
  if (!linode) throw notFound();
  return linode;
}

/** Linodes and the actions on them, below `/linode/instances`. */
export function instanceRoutes(
  world: LinodeWorld,
  machines: Machines,
  firewalls: { attach(firewallId: number, linode: Linode): void },
): Hono {
  const app = new Hono();

  app.get("/", (c) => answerList(c, world.linodes.listed(), { filterable: FILTERABLE, view: linodeView }));
  app.post("/", async (c) => {
    const body = await readBody(c);
    const { wanted, firewallId } = readNewLinode(body, world);
    const linode = machines.create(wanted);
    if (firewallId !== undefined) firewalls.attach(firewallId, linode);
    return c.json(linodeView(linode));
  });
  app.get("/:id", (c) => c.json(linodeView(linodeOf(c, world))));
  app.get("/:id/stats", (c) => c.json(statsOf(linodeOf(c, world), world.clock.now())));
  app.put("/:id", async (c) => {
    const linode = linodeOf(c, world);
    changeLinode(linode, await readBody(c), world);
    world.events.notify("linode_update", { id: linode.id, label: linode.label, type: "linode" });
    return c.json(linodeView(linode));
  });
  app.delete("/:id", (c) => {
    machines.delete(linodeOf(c, world));
    return c.json({});
  });

  app.post("/:id/boot", async (c) => {
    const linode = linodeOf(c, world);
    checkConfigId(linode, await readBody(c), world);
    machines.boot(linode);
    return c.json({});
  });
  app.post("/:id/reboot", async (c) => {
    const linode = linodeOf(c, world);
    checkConfigId(linode, await readBody(c), world);
    machines.reboot(linode);
    return c.json({});
  });
  app.post("/:id/shutdown", (c) => {
    machines.shutdown(linodeOf(c, world));
    return c.json({});
  });
  app.post("/:id/resize", async (c) => {
    const linode = linodeOf(c, world);
    const fields = new Fields(await readBody(c));
    fields.require("type");
    const type = fields.string("type");
    const automatic = fields.boolean("allow_auto_disk_resize") ?? true;
    const migration = fields.string("migration_type");
    if (migration !== undefined && migration !== "warm" && migration !== "cold") {
      fields.fail("migration_type", "migration_type must be warm or cold");
    }
    fields.done();
    machines.resize(linode, type as string, automatic);
    return c.json({});
  });
  app.post("/:id/migrate", async (c) => {
    const linode = linodeOf(c, world);
    const fields = new Fields(await readBody(c));
    fields.require("region");
    const region = fields.string("region");
    fields.done();
    machines.migrate(linode, region as string);
    return c.json({});
  });
  for (const [action, enabled] of [
    ["enable", true],
    ["cancel", false],
  ] as const) {
    app.post(`/:id/backups/${action}`, (c) => {
      const linode = linodeOf(c, world);
      if (linode.backups.enabled === enabled) {
        throw badRequest(`Backups are already ${enabled ? "enabled" : "off"} for this Linode.`);
      }
      linode.backups.enabled = enabled;
      world.touch(linode);
      world.events.notify(`backups_${action}`, { id: linode.id, label: linode.label, type: "linode" });
      return c.json({});
    });
  }
  return app;
}

function readNewLinode(body: Body, world: LinodeWorld): { wanted: NewLinode; firewallId: number | undefined } {
  const fields = new Fields(body);
  fields.require("region");
  fields.require("type");
  const region = REGIONS.get(fields.string("region") ?? "");
  if (fields.has("region") && !region) fields.fail("region", "region is not valid");
  const type = TYPES.get(fields.string("type") ?? "");
  if (fields.has("type") && !type) fields.fail("type", "A plan of that id was not found");
  if (type && region && !world.sale.isSold(type, region))
    fields.fail("type", `${type.id} is not available in ${region.id}`);
  const image = fields.string("image");
  if (image !== undefined && !IMAGES.has(image)) fields.fail("image", "image is not valid");
  const label = readLabel(fields, world);
  const rootPass = fields.string("root_pass", { min: 7, max: 128 });
  const authorizedKeys = fields.strings("authorized_keys") ?? [];
  authorizedKeys.forEach((key, index) => {
    if (!SSH_KEY.test(key.trim())) fields.fail("authorized_keys", `SSH key ${index + 1} is not valid`);
  });
  fields.strings("authorized_users");
  if (image !== undefined && rootPass === undefined && authorizedKeys.length === 0) {
    fields.fail("root_pass", "root_pass or authorized_keys is required with an image");
  }
  if (image === undefined && (rootPass !== undefined || authorizedKeys.length > 0)) {
    fields.fail("image", "image is required with root_pass or authorized_keys");
  }
  const firewallId = fields.integer("firewall_id");
  if (firewallId !== undefined && !world.firewalls.get(firewallId)) fields.fail("firewall_id", "Firewall not found");
  const swapSizeMb = fields.integer("swap_size") ?? DEFAULT_SWAP_MB;
  if (swapSizeMb < 0 || (type && swapSizeMb >= type.disk)) fields.fail("swap_size", "swap_size does not fit the plan");
  const script = readStackScript(fields, image);
  const wanted = {
    label,
    image,
    swapSizeMb,
    given: { ...(rootPass !== undefined && { rootPassword: rootPass }), ...script },
    hasUserData: readUserData(fields),
    booted: fields.boolean("booted") ?? true,
    tags: fields.tags() ?? [],
    group: fields.string("group", { max: 50 }) ?? "",
    backups: fields.boolean("backups_enabled") ?? false,
    privateIp: fields.boolean("private_ip") ?? false,
  };
  fields.done();
  return { wanted: { ...wanted, type: type?.id as string, region: region?.id as string }, firewallId };
}

/** The answers to the script's questions have to be there, except where it has a default. */
function readStackScript(fields: Fields, image: string | undefined): Given {
  const id = fields.integer("stackscript_id");
  const data = fields.object("stackscript_data") ?? {};
  if (id === undefined) return {};
  const script = STACKSCRIPTS.find((one) => one.id === id);
  if (script === undefined) {
    fields.fail("stackscript_id", "A StackScript of that id was not found");
    return {};
  }
  if (image === undefined) fields.fail("image", "image is required with stackscript_id");
  for (const question of script.user_defined_fields)
    if (!("default" in question) && typeof data[question.name] !== "string")
      fields.fail("stackscript_data", `stackscript_data: ${question.name} is required`);
  return { stackscriptId: id, stackscriptData: data as Record<string, string> };
}

function readUserData(fields: Fields): boolean {
  const metadata = fields.object("metadata");
  const data = metadata?.user_data;
  if (data === undefined || data === null) return false;
  if (typeof data !== "string" || !/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(data)) {
    fields.fail("metadata.user_data", "user_data must be valid Base64");
    return false;
  }
  if (Buffer.from(data, "base64").length > MAX_USER_DATA_BYTES) {
    fields.fail("metadata.user_data", `user_data must decode to at most ${MAX_USER_DATA_BYTES} bytes`);
  }
  return data !== "";
}

function readLabel(fields: Fields, world: LinodeWorld, own?: Linode): string | undefined {
  const label = fields.string("label", { min: 3, max: 64, pattern: LABEL, help: LABEL_HELP });
  if (label !== undefined && world.linodes.withKey(labelKey(label)).some((other) => other !== own)) {
    fields.fail("label", "Label must be unique");
  }
  return label;
}

function changeLinode(linode: Linode, body: Body, world: LinodeWorld): void {
  const fields = new Fields(body);
  const label = readLabel(fields, world, linode);
  const tags = fields.tags();
  const group = fields.string("group", { max: 50 });
  const watchdog = fields.boolean("watchdog_enabled");
  const alerts = new Fields(fields.object("alerts") ?? {});
  const newAlerts = Object.fromEntries(
    Object.keys(linode.alerts)
      .map((name) => [name, alerts.integer(name)] as const)
      .filter(([, value]) => value !== undefined),
  );
  const schedule = new Fields((fields.object("backups")?.schedule as Body | undefined | null) ?? {});
  const day = schedule.string("day", { pattern: /^(Scheduling|(Sun|Mon|Tues|Wednes|Thurs|Fri|Satur)day)$/ });
  const window = schedule.string("window", { pattern: /^(Scheduling|W([02468]|1[02468]|2[02]))$/ });
  fields.reasons.push(...alerts.reasons, ...schedule.reasons);
  fields.done();

  if (label !== undefined) linode.label = label;
  if (group !== undefined) linode.group = group;
  if (watchdog !== undefined) linode.watchdog = watchdog;
  if (day !== undefined) linode.backups.day = day;
  if (window !== undefined) linode.backups.window = window;
  if (tags !== undefined) {
    linode.tags = tags;
    world.knowTags(tags);
  }
  Object.assign(linode.alerts, newAlerts);
  world.touch(linode);
}

function checkConfigId(linode: Linode, body: Body, world: LinodeWorld): void {
  const fields = new Fields(body);
  const id = fields.integer("config_id");
  const configs = world.configs.get(linode.id) ?? [];
  if (id !== undefined && !configs.some((config) => config.id === id)) {
    fields.fail("config_id", "config_id is not a configuration profile of this Linode");
  }
  fields.done();
}
