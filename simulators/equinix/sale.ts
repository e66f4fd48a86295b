import { Hono } from "hono";
import { findMetro, findPlan, METROS, type Metro, PLANS, SYSTEMS } from "./catalog.ts";
import { notFound, unprocessable } from "./errors.ts";
import { type Body, readBody } from "./fields.ts";
import { facilityView, metroView, planView, systemView } from "./views.ts";
import type { EquinixWorld } from "./world.ts";

/** Plans, places, operating systems and what of it is left. None of these lists has pages. */
export function saleRoutes(world: EquinixWorld): Hono {
  const app = new Hono();
  const plans = () => ({ plans: [...PLANS.values()].map(planView) });
  app.get("/plans", (c) => {
    const slug = c.req.query("slug");
    const all = plans().plans.filter((plan) => slug === undefined || plan.slug === slug);
    return c.json({ plans: all });
  });
  app.get("/projects/:project/plans", (c) => c.json(plans()));
  app.get("/locations/metros", (c) => c.json({ metros: [...METROS.values()].map(metroView) }));
  app.get("/locations/metros/:id", (c) => {
    const metro = findMetro(c.req.param("id"));
    if (!metro) throw notFound();
    return c.json(metroView(metro));
  });
  const facilities = () => ({ facilities: [...METROS.values()].map(facilityView) });
  app.get("/facilities", (c) => c.json(facilities()));
  app.get("/projects/:project/facilities", (c) => c.json(facilities()));
  app.get("/operating-systems", (c) => c.json({ operating_systems: [...SYSTEMS.values()].map(systemView) }));
  app.get("/capacity", (c) => c.json({ capacity: levels(world, ({ facility }) => facility.code) }));
  app.get("/capacity/metros", (c) => c.json({ capacity: levels(world, ({ code }) => code) }));
  app.post("/capacity/metros", async (c) => {
    const { servers } = await readBody(c);
    if (!Array.isArray(servers)) throw unprocessable("servers must be a list");
    return c.json({ servers: servers.map((wanted: Body) => checked(world, wanted)) });
  });
  return app;
}

function levels(world: EquinixWorld, nameOf: (metro: Metro) => string) {
  return Object.fromEntries(
    [...METROS.values()].map((metro) => [
      nameOf(metro),
      Object.fromEntries(
        [...PLANS.values()].flatMap((plan) => {
          const left = world.available(plan, metro);
          return left === undefined ? [] : [[plan.slug, { level: levelOf(left), available_servers: left }]];
        }),
      ),
    ]),
  );
}

function levelOf(left: number): string {
  if (left === 0) return "unavailable";
  if (left < 3) return "critical";
  return left < 10 ? "limited" : "normal";
}

function checked(world: EquinixWorld, wanted: Body) {
  const [metro, plan] = [findMetro(String(wanted?.metro)), findPlan(String(wanted?.plan))];
  if (!metro || !plan) throw unprocessable("Metro or plan is not valid");
  const quantity = Number(wanted.quantity ?? 1);
  if (!(Number.isInteger(quantity) && quantity > 0)) throw unprocessable("quantity must be a number above 0");
  return {
    metro: String(wanted.metro),
    plan: String(wanted.plan),
    quantity: String(quantity),
    available: (world.available(plan, metro) ?? 0) >= quantity,
  };
}
