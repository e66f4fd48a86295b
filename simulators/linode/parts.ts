import { type Context, Hono } from "hono";
import { badRequest, notFound } from "./errors.ts";
import { type Body, Fields, readBody } from "./fields.ts";
import { linodeOf } from "./instances.ts";
import { answerList } from "./paging.ts";
import { isSlot } from "./storage.ts";
import { addressesView, configView, diskView, firewallView } from "./views.ts";
import { type BootConfig, deviceKey, type Linode, type LinodeWorld } from "./world.ts";

/** Addresses, disks, configuration profiles and firewalls of a Linode, below `/linode/instances/ID`. */
export function partRoutes(world: LinodeWorld): Hono {
  const app = new Hono();
  const disksOf = (c: Context) => world.disks.get(linodeOf(c, world).id) ?? [];
  const configsOf = (c: Context) => world.configs.get(linodeOf(c, world).id) ?? [];

  app.get("/:id/ips", (c) => c.json(addressesView(linodeOf(c, world))));
  app.get("/:id/firewalls", (c) =>
    answerList(c, world.firewalls.withKey(deviceKey(linodeOf(c, world).id)), { view: firewallView }),
  );

  app.get("/:id/disks", (c) => answerList(c, disksOf(c), { filterable: ["label", "size"], view: diskView }));
  app.get("/:id/disks/:diskId", (c) => c.json(diskView(byId(disksOf(c), c.req.param("diskId")))));

  app.get("/:id/configs", (c) => answerList(c, configsOf(c), { filterable: ["label"], view: configView }));
  app.get("/:id/configs/:configId", (c) => c.json(configView(byId(configsOf(c), c.req.param("configId")))));
  app.put("/:id/configs/:configId", async (c) => {
    const linode = linodeOf(c, world);
    const config = byId(configsOf(c), c.req.param("configId"));
    changeConfig(config, linode, await readBody(c), world);
    return c.json(configView(config));
  });
  app.delete("/:id/configs/:configId", (c) => {
    const linode = linodeOf(c, world);
    const config = byId(configsOf(c), c.req.param("configId"));
    world.configs.set(
      linode.id,
      configsOf(c).filter((other) => other !== config),
    );
    return c.json({});
  });
  return app;
}

function byId<T extends { id: number }>(items: readonly T[], id: string): T {
  const item = items.find((candidate) => String(candidate.id) === id);
  if (!item) throw notFound();
  return item;
}

function changeConfig(config: BootConfig, linode: Linode, body: Body, world: LinodeWorld): void {
  const fields = new Fields(body);
  const label = fields.string("label", { min: 1, max: 48 });
  const changes = {
    comments: fields.string("comments"),
    kernel: fields.string("kernel"),
    memory_limit: fields.integer("memory_limit"),
    root_device: fields.string("root_device"),
    run_level: fields.string("run_level", { pattern: /^(default|single|binbash)$/ }),
    virt_mode: fields.string("virt_mode", { pattern: /^(paravirt|fullvirt)$/ }),
  };
  const helpers = fields.object("helpers");
  if (Object.values(helpers ?? {}).some((value) => typeof value !== "boolean")) {
    fields.fail("helpers", "Must be of type Boolean");
  }
  const devices = readDevices(fields, linode, world);
  fields.done();

  if (label !== undefined) config.label = label;
  for (const [name, value] of Object.entries(changes))
    if (value !== undefined) Object.assign(config, { [name]: value });
  if (helpers) config.helpers = { ...config.helpers, ...(helpers as Record<string, boolean>) };
  if (devices) config.devices = devices;
}

/** The named slots replace all; slots that are not named become empty. */
function readDevices(fields: Fields, linode: Linode, world: LinodeWorld): BootConfig["devices"] | undefined {
  const devices = fields.object("devices");
  if (!devices) return undefined;
  const disks = world.disks.get(linode.id) ?? [];
  const slots: BootConfig["devices"] = {};
  for (const [slot, device] of Object.entries(devices)) {
    if (!isSlot(slot)) throw badRequest(`${slot} is not a device slot`, `devices.${slot}`);
    const diskId = (device as { disk_id?: unknown } | null)?.disk_id;
    if (diskId === undefined || diskId === null) continue;
    if (!disks.some((disk) => disk.id === diskId))
      fields.fail(`devices.${slot}`, `Disk ${diskId} is not on this Linode`);
    else slots[slot] = { disk_id: diskId as number };
  }
  return slots;
}
