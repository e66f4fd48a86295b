import { type Context, Hono } from "hono";
import { invalid, notFound } from "./errors.ts";
import { idIn, readBody, readInteger, requireString } from "./fields.ts";
import type { Machines } from "./machines.ts";
import { FACILITIES } from "./products.ts";
import { isShown, orderStatusOf } from "./stages.ts";
import { cancellationView, orderView, vlanView } from "./views.ts";
import type { Device, HivelocityWorld } from "./world.ts";

/** `/order`, `/deploy`, `/cancellation` and `/vlan`. */
export function orderRoutes(world: HivelocityWorld, machines: Machines): Hono {
  const app = new Hono();
  const view = (order: Parameters<typeof orderView>[1]) => orderView(world, order);

  app.get("/order/", (c) => c.json(world.orders.listed().map(view)));
  app.get("/order/in-progress", (c) =>
    c.json(
      world.orders
        .listed()
        .filter((order) => ["verification", "provisioning"].includes(orderStatusOf(world, order)))
        .map(view),
    ),
  );
  app.get("/order/:orderId", (c) => {
    const order = world.orders.get(idIn(c, "orderId"));
    if (!order) throw notFound("Order ID");
    return c.json(view(order));
  });

  app.get("/deploy/", (c) => c.json([]));
  app.get("/deploy/:deploymentId", (c) => {
    idIn(c, "deploymentId");
    throw notFound("Deployment");
  });

  cancellationRoutes(app, world, machines);
  vlanRoutes(app, world);
  return app;
}

function cancellationRoutes(app: Hono, world: HivelocityWorld, machines: Machines): void {
  const device = (id: number | undefined): Device => {
    const found = id === undefined ? undefined : world.devices.get(id);
    if (!found || !isShown(world, found)) throw notFound("Device");
    return found;
  };
  app.get("/cancellation/cancellation", (c) => c.json([...world.cancellations.values()].map(cancellationView)));
  app.post("/cancellation/cancellation", async (c) => {
    const body = await readBody(c);
    const found = device(readInteger(body, "deviceId"));
    const reason = requireString(body, "reason");
    if (readInteger(body, "serviceId") !== found.serviceId) throw invalid("serviceId is not of this device.");
    if (machines.cancellationOf(found)) throw invalid("Service/Device already being cancelled");
    return c.json(cancellationView(machines.cancel(found, reason)));
  });
  app.get("/cancellation/device/:deviceId", (c) => {
    const cancellation = machines.cancellationOf(device(idIn(c, "deviceId")));
    if (!cancellation) throw notFound("Device");
    return c.json(cancellationView(cancellation));
  });
  app.delete("/cancellation/cancellation/:cancellationId", (c: Context) => {
    const cancellation = world.cancellations.get(idIn(c, "cancellationId"));
    if (!cancellation || cancellation.done) throw notFound("Cancellation");
    world.cancellations.delete(cancellation.id);
    return c.body(null, 204);
  });
}

function vlanRoutes(app: Hono, world: HivelocityWorld): void {
  app.get("/vlan/", (c) => c.json([...world.vlans.values()].map(vlanView)));
  app.post("/vlan/", async (c) => {
    const body = await readBody(c);
    const facilityCode = requireString(body, "facilityCode");
    const type = requireString(body, "type");
    if (!FACILITIES.some(({ code }) => code === facilityCode)) throw invalid("facilityCode is no facility.");
    if (type !== "public" && type !== "private") throw invalid("type must be public or private.");
    const vlan = { id: world.ids.integer(), facilityCode, type, tag: 2_000 + world.vlans.size } as const;
    world.vlans.set(vlan.id, vlan);
    return c.json(vlanView(vlan));
  });
  app.get("/vlan/:vlanId", (c) => {
    const vlan = world.vlans.get(idIn(c, "vlanId"));
    if (!vlan) throw notFound("VLAN");
    return c.json(vlanView(vlan));
  });
}
