import { Hono } from "hono";
import { Clock, type ServerPatch, type SimulatedCloud, serveSimulator } from "../kit.ts";
import type { SimulatedServer, Simulator, SimulatorOptions } from "../simulator.ts";
import { filtered, page, type Query } from "./lists.ts";
import { deviceView, tenantView } from "./views.ts";
import type { NetboxWorld } from "./world.ts";

export const NETBOX_TOKEN = "0123456789abcdef0123456789abcdef01234567";

interface NetboxOptions extends SimulatorOptions {
  world: NetboxWorld;
}

/** A NetBox of these devices and tenants, served on loopback: read only, as the token that the spot manager needs is. */
export async function startNetbox({ world, ...options }: NetboxOptions): Promise<Simulator> {
  return serveSimulator(new SimulatedNetbox(world, options.token ?? NETBOX_TOKEN), options);
}

/** It has no machines; what stands before simulated clouds (counts, faults) serves it too. */
class SimulatedNetbox implements SimulatedCloud {
  readonly cloud = "netbox";
  readonly clock = new Clock();
  readonly app: Hono;

  constructor(world: NetboxWorld, token: string) {
    this.app = netboxApp(world, token);
  }

  servers(): SimulatedServer[] {
    return [];
  }

  addForeign(_: ServerPatch): never {
    throw new Error("a NetBox has no machines");
  }

  change(): undefined {
    return undefined;
  }

  remove(): boolean {
    return false;
  }

  errorBody(_status: number, message: string): unknown {
    return { detail: message };
  }
}

function netboxApp({ devices, tenants, groups }: NetboxWorld, token: string): Hono {
  const app = new Hono();
  app.use("/api/*", async (c, next) => {
    const given = /^Token (.+)$/.exec(c.req.header("authorization") ?? "")?.[1];
    // As NetBox does where reading takes a login, it says 403 for both.
    if (given === undefined) return c.json({ detail: "Authentication credentials were not provided." }, 403);
    if (given !== token) return c.json({ detail: "Invalid token" }, 403);
    await next();
    c.header("api-version", "4.2");
  });
  app.get("/api/status/", (c) => c.json({ "netbox-version": "4.2.2", "python-version": "3.12.3", plugins: {} }));

  const list = <T extends { id: number }>(
    path: string,
    all: readonly T[],
    filters: Readonly<Record<string, (item: T) => string | undefined>>,
    view: (item: T, origin: string) => object,
  ) => {
    app.get(path, (c) => {
      const query: Query = c.req.queries();
      const { origin } = new URL(c.req.url);
      const { items, problem } = filtered(all, query, filters);
      if (problem !== undefined) return c.json(problem, 400);
      return c.json(page(items, query, c.req.url, (item) => view(item, origin)));
    });
    app.get(`${path}:id/`, (c) => {
      const found = all.find(({ id }) => String(id) === c.req.param("id"));
      if (found === undefined) return c.json({ detail: "No Device matches the given query." }, 404);
      return c.json(view(found, new URL(c.req.url).origin));
    });
  };
  const tenantOf = (id: number | undefined) => tenants.find((tenant) => tenant.id === id);
  list(
    "/api/dcim/devices/",
    devices,
    {
      name: ({ name }) => name,
      status: ({ status = "active" }) => status,
      tenant_id: ({ tenant }) => tenant?.toString(),
      tenant: ({ tenant }) => tenantOf(tenant)?.slug,
    },
    (device, origin) => deviceView(device, tenantOf(device.tenant), origin),
  );
  list(
    "/api/tenancy/tenants/",
    tenants,
    { name: ({ name }) => name, slug: ({ slug }) => slug, group_id: ({ group }) => group?.toString() },
    (tenant, origin) =>
      tenantView(tenant, {
        origin,
        group: groups.find(({ id }) => id === tenant.group),
        devices: devices.filter((device) => device.tenant === tenant.id).length,
        ofGroup: tenants.filter(({ group }) => group === tenant.group).length,
      }),
  );
  app.notFound((c) => c.json({ error: "Page not found" }, 404));
  return app;
}
