import { type Context, Hono } from "hono";
import { invalid, notFound } from "./errors.ts";
import {
  type Body,
  idIn,
  readBody,
  readInteger,
  readString,
  readStrings,
  requireFqdn,
  requireString,
} from "./fields.ts";
import type { Machines, NewDevice } from "./machines.ts";
import { FACILITIES, SYSTEMS } from "./products.ts";
import { isShown, statusOf } from "./stages.ts";
import { computeView } from "./views.ts";
import type { Device, HivelocityWorld } from "./world.ts";

const PERIODS = ["hourly", "monthly", "quarterly", "semi-annually", "annually", "biennial", "triennial"];

/** `/compute`, and under its old name `/bare-metal-devices`. */
export function computeRoutes(world: HivelocityWorld, machines: Machines): Hono {
  const app = new Hono();
  const of = (c: Context): Device => {
    const device = world.devices.get(idIn(c, "deviceId"));
    if (!device || !isShown(world, device)) throw notFound("Deployment");
    return device;
  };

  app.get("/", (c) => c.json(machines.shown(world.devices.listed()).map((device) => computeView(world, device))));
  app.post("/", async (c) => {
    const wanted = readNewDevice(await readBody(c), world);
    const device = machines.order(wanted);
    // Where the device is chosen later there is nothing to tell yet.
    if (world.products.get(device.productId)?.chosenLater) return c.body(null, 201);
    return c.json(computeView(world, device), 200);
  });
  app.get("/:deviceId", (c) => c.json(computeView(world, of(c))));
  app.put("/:deviceId", async (c) => {
    const device = of(c);
    const body = await readBody(c);
    const hostname = requireFqdn(body);
    const osName = readSystem(body);
    const tags = readStrings(body, "tags");
    if (statusOf(world, device) !== "IN_USE") throw invalid("The device is being provisioned.");
    // Anything but tags is written by installing it anew.
    if (body.forceReload === true || hostname !== device.orderedHostname || osName !== device.osName)
      machines.reload(device, c.req.query("skipPowerCheck") === "true");
    Object.assign(device, { hostname, orderedHostname: hostname, osName, ...(tags ? { tags } : {}) });
    world.devices.changed(device);
    return c.json(computeView(world, device));
  });
  app.delete("/:deviceId", (c) => {
    machines.cancel(of(c), "Deleted by the API");
    return c.body(null, 201);
  });
  return app;
}

function readNewDevice(body: Body, world: HivelocityWorld): NewDevice {
  const productId = readInteger(body, "productId");
  const product = productId === undefined ? undefined : world.products.get(productId);
  if (!product) throw invalid("productId is no product that can be ordered.");
  const location = requireString(body, "locationName");
  if (!FACILITIES.some(({ code }) => code === location)) throw invalid("locationName is no facility.");
  if (!(location in product.stock)) throw invalid(`Product ${product.id} is not sold in ${location}.`);
  const period = readString(body, "period") ?? "hourly";
  if (!PERIODS.includes(period) || product.disabled.includes(period))
    throw invalid(`Product ${product.id} cannot be ordered ${period}.`);
  const publicSshKeyId = readInteger(body, "publicSshKeyId");
  if (publicSshKeyId !== undefined && !world.keys.get(publicSshKeyId)) throw invalid("publicSshKeyId is no key.");
  const vlanId = readInteger(body, "vlanId");
  if (vlanId !== undefined && world.vlans.get(vlanId)?.facilityCode !== location)
    throw invalid("vlanId is no VLAN of this facility.");
  return {
    hostname: requireFqdn(body),
    productId: product.id,
    location,
    osName: readSystem(body),
    tags: readStrings(body, "tags") ?? [],
    period,
    publicSshKeyId,
    vlanId,
    script: readString(body, "script") ?? "",
  };
}

function readSystem(body: Body): string {
  const osName = requireString(body, "osName");
  if (!SYSTEMS.some(({ name }) => name === osName)) throw invalid("osName is no operating system of this product.");
  return osName;
}
