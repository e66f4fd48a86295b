import { Hono } from "hono";
import { faultProblem } from "./faults.ts";
import type { Front } from "./front.ts";
import type { SimulatedCloud } from "./kit.ts";
import type { Fault, SimulatedServer } from "./simulator.ts";

/** What can be changed behind the fleet's back. */
export type ServerPatch = Partial<Omit<SimulatedServer, "id" | "mark" | "status">>;

/** What can be changed of a size on sale; fields that are left out stay. */
export interface SaleChange {
  /** Whole units of the cloud's currency, as its API has them. */
  hourly?: number;
  monthly?: number;
  /** Regions that have it in stock; none means sold out. */
  regions?: string[];
}

/** The routes under `/_simulator`. They need no credential: the simulator listens on loopback only. */
export function controlRoutes(cloud: SimulatedCloud, front: Front): Hono {
  const app = new Hono();

  app.get("/servers", async (c) => c.json(await cloud.servers()));
  app.post("/servers", async (c) => c.json(await cloud.addForeign(await c.req.json<ServerPatch>()), 201));
  app.patch("/servers/:id", async (c) => {
    const server = await cloud.change(c.req.param("id"), await c.req.json<ServerPatch>());
    return server ? c.json(server) : c.json({ error: `no server ${c.req.param("id")}` }, 404);
  });
  app.delete("/servers/:id", async (c) =>
    (await cloud.remove(c.req.param("id")))
      ? c.body(null, 204)
      : c.json({ error: `no server ${c.req.param("id")}` }, 404),
  );

  app.get("/servers/:id/given", (c) => {
    const given = cloud.given?.(c.req.param("id"));
    return given ? c.json(given) : c.json({ error: `nothing is kept of server ${c.req.param("id")}` }, 404);
  });

  app.patch("/sizes/:size", async (c) => {
    if (!cloud.sell) return c.json({ error: `the sizes of a simulated ${cloud.cloud} cannot be changed` }, 404);
    const known = cloud.sell(c.req.param("size"), await c.req.json<SaleChange>());
    return known ? c.body(null, 204) : c.json({ error: `no size ${c.req.param("size")}` }, 404);
  });

  app.get("/calls", (c) => c.json(front.calls.list()));
  app.delete("/calls", (c) => {
    front.calls.clear();
    return c.body(null, 204);
  });

  app.get("/faults", (c) => c.json(front.faults.list()));
  app.post("/faults", async (c) => {
    const fault = await c.req.json<Fault>();
    const problem = faultProblem(fault);
    if (problem) return c.json({ error: problem }, 400);
    front.faults.add(fault);
    return c.body(null, 201);
  });
  app.delete("/faults", (c) => {
    front.faults.clear();
    return c.body(null, 204);
  });

  app.notFound((c) => c.json({ error: `no such control: ${c.req.method} ${c.req.path}` }, 404));
  app.onError((error, c) => c.json({ error: error.message }, 400));
  return app;
}
