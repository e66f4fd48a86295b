import { Hono } from "hono";
import { ApiError, glanceError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { usage } from "./schedule.ts";
import { answerError } from "./wire.ts";
import type { Host, World } from "./world.ts";

/** Placement, at `/placement`: what hosts have and how much of it is taken. */
export function placement(world: World, identity: Identity): Hono {
  const app = new Hono();
  app.onError((error, c) => answerError(c, error instanceof ApiError ? error : glanceError(500, String(error))));
  app.notFound((c) => answerError(c, glanceError(404, "The resource could not be found.")));

  app.get("/", (c) => {
    const links = [{ rel: "self", href: "" }];
    return c.json({ versions: [{ id: "v1.0", max_version: "1.39", min_version: "1.0", status: "CURRENT", links }] });
  });
  app.use("/resource_providers/*", async (c, next) => {
    identity.check(c.req.header("x-auth-token"));
    await next();
  });
  app.get("/resource_providers", (c) => {
    identity.check(c.req.header("x-auth-token"));
    const name = c.req.query("name");
    const hosts = [...world.hosts.values()].filter((host) => name === undefined || host.name === name);
    const taken = usage(world);
    // From 1.14 on providers may stand below others.
    const isNested = minorOf(c.req.header("openstack-api-version")) >= 14;
    const providers = hosts.map(({ id, name: own }) => ({
      uuid: id,
      name: own,
      generation: 1 + (taken.get(own)?.servers ?? 0),
      ...(isNested && { parent_provider_uuid: null, root_provider_uuid: id }),
      links: [{ rel: "self", href: `/placement/resource_providers/${id}` }],
    }));
    return c.json({ resource_providers: providers });
  });

  const found = (id: string): Host => {
    const host = [...world.hosts.values()].find((candidate) => candidate.id === id);
    if (!host) throw glanceError(404, `No resource provider with uuid ${id} found`);
    return host;
  };
  app.get("/resource_providers/:id/inventories", (c) => {
    const host = found(c.req.param("id"));
    const of = (total: number, allocationRatio = 1) => ({
      total,
      reserved: 0,
      min_unit: 1,
      max_unit: total,
      step_size: 1,
      allocation_ratio: allocationRatio,
    });
    const gpus = Object.entries(host.gpus).map(([alias, count]) => [
      alias === "VGPU" ? alias : `CUSTOM_${alias}`,
      of(count),
    ]);
    const inventories = { VCPU: of(host.vcpus, 16), MEMORY_MB: of(host.memoryMiB), DISK_GB: of(host.diskGiB) };
    return c.json({ inventories: { ...inventories, ...Object.fromEntries(gpus) }, resource_provider_generation: 1 });
  });
  app.get("/resource_providers/:id/usages", (c) => {
    const used = usage(world).get(found(c.req.param("id")).name);
    const gpus = Object.entries(used?.gpus ?? {}).map(([alias, count]) => [
      alias === "VGPU" ? alias : `CUSTOM_${alias}`,
      count,
    ]);
    const usages = { VCPU: used?.vcpus ?? 0, MEMORY_MB: used?.memoryMiB ?? 0, DISK_GB: used?.diskGiB ?? 0 };
    return c.json({ usages: { ...usages, ...Object.fromEntries(gpus) }, resource_provider_generation: 1 });
  });
  return app;
}

/** Of `placement 1.14`; without it placement speaks its first version. */
const minorOf = (header: string | undefined): number => Number(/^placement 1\.(\d+)$/.exec(header ?? "")?.[1] ?? 0);
