import { Hono } from "hono";
import { APPLICATIONS, METAL_PLANS, PLANS, REGIONS, SCRIPTS, SYSTEMS } from "./catalog.ts";
import { gone, invalid } from "./errors.ts";
import { answerList } from "./paging.ts";
import { applicationView, metalPlanView, planView, regionView, systemView, time } from "./views.ts";

const SCRIPT_MADE = Date.parse("2026-01-01T00:00:00Z");
const script = ({ id, name, type }: (typeof SCRIPTS)[number]) => ({
  id,
  name,
  type,
  date_created: time(SCRIPT_MADE),
  date_modified: time(SCRIPT_MADE),
});

/** What is for sale, and what the account has that is only read. */
export function saleRoutes(): Hono {
  const app = new Hono();
  app.get("/plans", (c) => {
    const type = c.req.query("type") ?? "all";
    const plans = [...PLANS.values()].filter((plan) => type === "all" || plan.type === type);
    return answerList(c, "plans", plans, planView);
  });
  app.get("/plans-metal", (c) => answerList(c, "plans_metal", [...METAL_PLANS.values()], metalPlanView));
  app.get("/regions", (c) => answerList(c, "regions", [...REGIONS.values()], regionView));
  app.get("/regions/:id/availability", (c) => {
    const id = c.req.param("id");
    if (!REGIONS.has(id)) throw invalid("Invalid region.");
    const type = c.req.query("type") ?? "all";
    const sold = [
      ...[...PLANS.values()].map(({ id: plan, type: of, locations }) => ({ plan, of, locations })),
      ...[...METAL_PLANS.values()].map(({ id: plan, locations }) => ({ plan, of: "vbm", locations })),
    ].filter(({ of, locations }) => locations.includes(id) && (type === "all" || of === type));
    return c.json({ available_plans: sold.map(({ plan }) => plan) });
  });
  app.get("/os", (c) => answerList(c, "os", [...SYSTEMS.values()], systemView));
  app.get("/applications", (c) => {
    const type = c.req.query("type") ?? "all";
    const wanted = APPLICATIONS.filter((application) => type === "all" || application.type === type);
    return answerList(c, "applications", wanted, applicationView);
  });
  app.get("/startup-scripts", (c) => answerList(c, "startup_scripts", SCRIPTS, script));
  app.get("/startup-scripts/:id", (c) => {
    const found = SCRIPTS.find(({ id }) => id === c.req.param("id"));
    if (!found) throw gone("script");
    return c.json({ startup_script: { ...script(found), script: Buffer.from("#!/bin/sh\n").toString("base64") } });
  });
  for (const [path, name] of [
    ["vpcs", "vpcs"],
    ["vpc2", "vpcs"],
    ["blocks", "blocks"],
    ["reserved-ips", "reserved_ips"],
    ["iso-public", "public_isos"],
    ["backups", "backups"],
  ] as const)
    app.get(`/${path}`, (c) => answerList(c, name, [], (item) => item));
  app.get("/account", (c) =>
    c.json({
      account: {
        name: "Simulated",
        email: "simulated@example.com",
        acls: ["subscriptions_view", "subscriptions", "provisioning", "upgrade", "firewall"],
        balance: -100,
        pending_charges: 0,
        last_payment_date: "2026-01-01T00:00:00+00:00",
        last_payment_amount: -100,
      },
    }),
  );
  return app;
}
