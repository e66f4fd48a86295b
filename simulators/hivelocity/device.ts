import { type Context, Hono } from "hono";
import { HivelocityError, invalid, notFound } from "./errors.ts";
import { idIn, readBody, readInteger, readString, readStrings, requireFqdn } from "./fields.ts";
import type { Machines } from "./machines.ts";
import { SYSTEMS } from "./products.ts";
import { isShown, powerStatusOf } from "./stages.ts";
import { deviceView, ipView, portsView } from "./views.ts";
import type { Device, HivelocityWorld } from "./world.ts";

/** `/device`: the running side of the same devices. */
export function deviceRoutes(world: HivelocityWorld, machines: Machines): Hono {
  const app = new Hono();
  const of = (c: Context): Device => {
    const device = world.devices.get(idIn(c, "deviceId"));
    if (!device || !isShown(world, device)) throw notFound("Device");
    return device;
  };
  const view = (device: Device) => deviceView(world, machines, device);
  const power = (device: Device) => ({ powerStatus: powerStatusOf(world, device) });

  app.get("/", (c) => c.json(machines.shown(world.devices.listed()).map(view)));
  app.get("/tags", (c) => c.json({ tags: [...new Set(world.devices.listed().flatMap(({ tags }) => tags))].sort() }));
  app.get("/:deviceId", (c) => c.json(view(of(c))));
  app.put("/:deviceId", async (c) => {
    const device = of(c);
    const body = await readBody(c);
    readString(body, "name");
    if (body.hostname !== undefined) device.hostname = requireFqdn(body);
    world.devices.changed(device);
    return c.json(view(device));
  });

  app.get("/:deviceId/power", (c) => c.json(power(of(c))));
  app.post("/:deviceId/power", (c) => {
    const device = of(c);
    machines.power(device, c.req.query("action") ?? "");
    return c.json(power(device), 202);
  });
  app.get("/:deviceId/tags", (c) => c.json({ tags: of(c).tags }));
  app.put("/:deviceId/tags", async (c) => {
    const device = of(c);
    const tags = readStrings(await readBody(c), "tags");
    if (!tags) throw invalid("tags is required.");
    device.tags = [...new Set(tags)];
    world.devices.changed(device);
    return c.json({ tags: device.tags });
  });
  app.get("/:deviceId/events", (c) => c.json(of(c).events));
  app.get("/:deviceId/ips", (c) => c.json([ipView(of(c))]));
  app.get("/:deviceId/ports", (c) => c.json(portsView(of(c))));
  app.post("/:deviceId/reload", async (c) => {
    const device = of(c);
    const body = await readBody(c);
    const system = SYSTEMS.find(({ id }) => id === readInteger(body, "operatingSystemId"));
    if (!system) throw invalid("operatingSystemId is no operating system of this product.");
    machines.reload(device, false);
    device.osName = system.name;
    return c.json({ optionId: system.id, optionName: system.name, upgradeId: 1, upgradeName: "Operating System" });
  });
  app.get("/:deviceId/initial-creds", (c) => {
    of(c);
    throw new HivelocityError(400, "Unable to get initial credentials for this Device.");
  });
  return app;
}
