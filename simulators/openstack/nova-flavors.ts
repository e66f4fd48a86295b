import { Hono } from "hono";
import { novaError } from "./errors.ts";
import { invalid, type NovaApp, type NovaContext, viewerOf } from "./nova-request.ts";
import { nextHref, pageOf } from "./wire.ts";
import type { Flavor, World } from "./world.ts";

export function flavorRoutes(world: World): NovaApp {
  const app: NovaApp = new Hono();
  const list = (c: NovaContext, view: (flavor: Flavor) => object) => {
    const { page, limit, nextMarker } = pageOf([...world.flavors.values()], c.req.query(), {
      maxLimit: 1000,
      idOf: ({ id }) => id,
      missing: (marker) => novaError(400, `marker [${marker}] not found`),
      invalid: (value) => invalid("limit", value, `'${value}' does not match '^[0-9]*$'`),
    });
    const links = nextMarker ? { flavors_links: [{ rel: "next", href: nextHref(c.req.raw, limit, nextMarker) }] } : {};
    return c.json({ flavors: page.map(view), ...links });
  };
  app.get("/flavors", (c) => list(c, ({ id, name }) => ({ id, name, ...more(c), links: links(c, id) })));
  app.get("/flavors/detail", (c) => list(c, (flavor) => detail(c, flavor)));
  app.get("/flavors/:id", (c) => c.json({ flavor: detail(c, found(c, world)) }));
  app.get("/flavors/:id/os-extra_specs", (c) => c.json({ extra_specs: found(c, world).extraSpecs }));
  return app;
}

function found(c: NovaContext, world: World): Flavor {
  const flavor = world.flavors.get(c.req.param("id") ?? "");
  if (!flavor) throw novaError(404, `Flavor ${c.req.param("id")} could not be found.`);
  return flavor;
}

const more = (c: NovaContext) => (c.get("minor") >= 55 ? { description: null } : {});

function links(c: NovaContext, id: string) {
  const { origin } = viewerOf(c);
  return [
    { rel: "self", href: `${origin}/compute/v2.1/flavors/${id}` },
    { rel: "bookmark", href: `${origin}/compute/flavors/${id}` },
  ];
}

function detail(c: NovaContext, { id, name, ram, disk, vcpus, extraSpecs }: Flavor): object {
  const minor = c.get("minor");
  return {
    id,
    name,
    ram,
    disk,
    vcpus,
    swap: minor >= 75 ? 0 : "",
    rxtx_factor: 1,
    "OS-FLV-EXT-DATA:ephemeral": 0,
    "OS-FLV-DISABLED:disabled": false,
    "os-flavor-access:is_public": true,
    ...more(c),
    ...(minor >= 61 ? { extra_specs: extraSpecs } : {}),
    links: links(c, id),
  };
}
