import { type Context, Hono } from "hono";
import { notFound, unprocessable } from "./errors.ts";
import { HOSTNAME, readBody, readBoolean, readString, readStrings, requireString } from "./fields.ts";
import type { Machines } from "./machines.ts";
import { readNewDevice } from "./new-device.ts";
import { answerList } from "./paging.ts";
import { addressView, deviceView, type Expansion, eventView } from "./views.ts";
import { type Device, type EquinixWorld, tagKey } from "./world.ts";

/** Devices of the project, below `/projects/:project/devices`. */
export function projectDeviceRoutes(world: EquinixWorld, machines: Machines): Hono {
  const app = new Hono();
  app.get("/", (c) => {
    const expansion = expansionOf(c);
    return answerList(c, "devices", filtered(c, world), (device) => deviceView(device, world, expansion));
  });
  app.post("/", async (c) => {
    const device = machines.create(readNewDevice(await readBody(c), world));
    return c.json(deviceView(device, world, expansionOf(c)), 201);
  });
  return app;
}

/** One device and what belongs to it, below `/devices`. */
export function deviceRoutes(world: EquinixWorld, machines: Machines): Hono {
  const app = new Hono();
  const of = (c: Context): Device => {
    const device = world.devices.get(c.req.param("id") ?? "");
    if (!device) throw notFound();
    return device;
  };
  app.get("/:id", (c) => c.json(deviceView(of(c), world, expansionOf(c))));
  app.put("/:id", async (c) => {
    const device = of(c);
    if (device.state === "deprovisioning") throw unprocessable("Cannot update a device that is deprovisioning");
    await update(device, c);
    device.updatedMs = world.clock.now();
    world.devices.changed(device);
    return c.json(deviceView(device, world, expansionOf(c)));
  });
  app.delete("/:id", async (c) => {
    const device = of(c);
    const inBody = readBoolean(await readBody(c), "force_delete");
    machines.destroy(device, inBody ?? c.req.query("force_delete") === "true");
    return c.body(null, 204);
  });
  app.post("/:id/actions", async (c) => {
    const device = of(c);
    machines.act(device, requireString(await readBody(c), "type"));
    return c.body(null, 202);
  });
  app.get("/:id/events", (c) => {
    const past = of(c).events.filter(({ atMs }) => atMs !== undefined);
    return answerList(c, "events", past.reverse(), eventView);
  });
  app.get("/:id/ips", (c) => {
    const device = of(c);
    return c.json({ ip_addresses: device.addresses.map((address) => addressView(address, device)) });
  });
  app.get("/:id/userdata", (c) => c.json({ userdata: of(c).userdata }));
  return app;
}

/** `include` and `exclude` name attributes, with dots for what is inside; the first part is what counts here. */
export function expansionOf(c: Context): Expansion {
  const names = (query: string | undefined) =>
    new Set((query ?? "").split(",").map((name) => name.trim().split(".", 1)[0]!));
  return { include: names(c.req.query("include")), exclude: names(c.req.query("exclude")) };
}

function filtered(c: Context, world: EquinixWorld): Device[] {
  const { tag, metro, facility, hostname, search, reserved } = c.req.query();
  const candidates = tag === undefined ? world.devices.listed() : world.devices.listedWithKey(tagKey(tag));
  const keep: ((device: Device) => boolean)[] = [];
  if (metro !== undefined) keep.push((device) => device.metro.code === metro || device.metro.id === metro);
  if (facility !== undefined) keep.push((device) => device.metro.facility.code === facility);
  if (hostname !== undefined) keep.push((device) => device.hostname.includes(hostname));
  if (reserved !== undefined) keep.push((device) => (device.reservation !== undefined) === (reserved === "true"));
  if (search !== undefined)
    keep.push(({ tags, description, ...device }) =>
      [device.hostname, description, device.plan.slug, ...tags].some((text) => text.includes(search)),
    );
  return keep.length === 0 ? candidates : candidates.filter((device) => keep.every((test) => test(device)));
}

async function update(device: Device, c: Context): Promise<void> {
  const body = await readBody(c);
  const hostname = readString(body, "hostname", { pattern: HOSTNAME, max: 253 });
  const tags = readStrings(body, "tags");
  const [alwaysPxe, locked] = [readBoolean(body, "always_pxe"), readBoolean(body, "locked")];
  const [description, url] = [readString(body, "description"), readString(body, "ipxe_script_url")];
  const userdata = readString(body, "userdata");
  if (hostname === "") throw unprocessable("hostname can't be blank");
  // All of it is read before any of it is written.
  if (hostname !== undefined) device.hostname = hostname;
  if (tags !== undefined) device.tags = tags;
  if (alwaysPxe !== undefined) device.alwaysPxe = alwaysPxe;
  if (locked !== undefined) device.locked = locked;
  if (description !== undefined) device.description = description;
  if (url !== undefined) device.ipxeScriptUrl = url;
  if (userdata !== undefined) device.userdata = userdata;
}
