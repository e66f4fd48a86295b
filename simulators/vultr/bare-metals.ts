import { type Context, Hono } from "hono";
import { bandwidthOf } from "./bandwidth.ts";
import { APPLICATIONS, SYSTEMS } from "./catalog.ts";
import { readSource, readWanted } from "./create.ts";
import { gone, invalid } from "./errors.ts";
import { readBody, readBoolean, readString, readStrings, readUserData } from "./fields.ts";
import type { Machines } from "./machines.ts";
import { answerList } from "./paging.ts";
import { applicationView, metalView, systemView } from "./views.ts";
import type { BareMetal, VultrWorld } from "./world.ts";

const COMMANDS = ["start", "halt", "reboot"] as const;

/** Bare metal, below `/bare-metals`. */
export function bareMetalRoutes(world: VultrWorld, machines: Machines): Hono {
  const app = new Hono();
  const of = (c: Context): BareMetal => {
    const metal = world.metals.get(c.req.param("id") ?? "");
    if (!metal) throw gone("metal");
    return metal;
  };

  app.get("/", (c) => answerList(c, "bare_metals", world.metals.listed(), metalView));
  app.post("/", async (c) => {
    const body = await readBody(c);
    const wanted = readWanted(body, "metal", world);
    readBoolean(body, "persistent_pxe");
    const metal = machines.createMetal(wanted);
    return c.json({ bare_metal: { ...metalView(metal), default_password: world.ids.hex(16) } }, 202);
  });
  for (const command of COMMANDS) {
    app.post(`/${command}`, async (c) => {
      const ids = readStrings(await readBody(c), "baremetal_ids") ?? [];
      const named = ids.map((id) => world.metals.get(id));
      if (named.length === 0 || named.includes(undefined)) throw invalid("Invalid baremetal_ids.");
      for (const metal of named) if (metal) machines.switchMetal(metal, command);
      return c.body(null, 204);
    });
    app.post(`/:id/${command}`, (c) => {
      machines.switchMetal(of(c), command);
      return c.body(null, 204);
    });
  }

  app.get("/:id", (c) => c.json({ bare_metal: metalView(of(c)) }));
  app.patch("/:id", async (c) => {
    const metal = of(c);
    const body = await readBody(c);
    const source = readSource(body, "metal", false, world);
    const label = readString(body, "label");
    const tags = readStrings(body, "tags");
    const userData = readUserData(body);
    if (readBoolean(body, "enable_ipv6")) metal.ipv6 = true;
    if (source) Object.assign(metal, source);
    if (label !== undefined) metal.label = label;
    if (tags !== undefined) metal.tags = [...new Set(tags)];
    if (userData !== undefined) metal.userData = userData;
    world.metals.changed(metal);
    return c.json({ bare_metal: metalView(metal) }, 202);
  });
  app.delete("/:id", (c) => {
    machines.remove(of(c));
    return c.body(null, 204);
  });

  app.get("/:id/ipv4", (c) => {
    const view = metalView(of(c));
    const main = { ip: view.main_ip, netmask: view.netmask_v4, gateway: view.gateway_v4, type: "main_ip", reverse: "" };
    return answerList(c, "ipv4s", view.main_ip === "" ? [] : [main], (item) => item);
  });
  app.get("/:id/ipv6", (c) => {
    const view = metalView(of(c));
    const main = { ip: view.v6_main_ip, network: view.v6_network, network_size: view.v6_network_size, type: "main_ip" };
    return answerList(c, "ipv6s", view.v6_main_ip === "" ? [] : [main], (item) => item);
  });
  app.get("/:id/user-data", (c) => c.json({ user_data: { data: of(c).userData } }));
  app.get("/:id/bandwidth", (c) => c.json({ bandwidth: bandwidthOf(of(c), world.clock.now()) }));
  app.get("/:id/upgrades", (c) =>
    c.json({
      upgrades: of(c) && { os: [...SYSTEMS.values()].map(systemView), applications: APPLICATIONS.map(applicationView) },
    }),
  );
  for (const path of ["vpc2", "vpcs"]) app.get(`/:id/${path}`, (c) => c.json({ vpcs: of(c) && [] }));
  return app;
}
