import { Hono } from "hono";
import { ApiError, neutronError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { groupRoutes } from "./neutron-groups.ts";
import { networkRoutes } from "./neutron-networks.ts";
import { portRoutes } from "./neutron-ports.ts";
import type { NeutronApp } from "./neutron-request.ts";
import { answerError, originOf } from "./wire.ts";
import type { World } from "./world.ts";

const EXTENSIONS = [
  "security-group",
  "router",
  "external-net",
  "standard-attr-description",
  "pagination",
  "sorting",
  "port-security",
];

/** Neutron, at `/network`. */
export function neutron(world: World, identity: Identity): Hono {
  const app: NeutronApp = new Hono();
  app.onError((error, c) =>
    answerError(c, error instanceof ApiError ? error : neutronError(500, "HTTPInternalServerError", String(error))),
  );
  app.notFound((c) => answerError(c, neutronError(404, "HTTPNotFound", "The resource could not be found.")));

  app.get("/", (c) => {
    const links = [{ rel: "self", href: `${originOf(c.req.raw)}/network/v2.0/` }];
    return c.json({ versions: [{ id: "v2.0", status: "CURRENT", links }] });
  });
  for (const path of ["/v2.0", "/v2.0/"]) {
    app.get(path, (c) => {
      const names = ["networks", "subnets", "ports", "security-groups", "security-group-rules", "floatingips"];
      const href = (name: string) => `${originOf(c.req.raw)}/network/v2.0/${name}`;
      const resources = names.map((name) => ({ name, collection: name, links: [{ rel: "self", href: href(name) }] }));
      return c.json({ resources });
    });
  }
  app.use("/v2.0/*", async (c, next) => {
    c.set("token", identity.check(c.req.header("x-auth-token")));
    await next();
  });

  const extension = (alias: string) => ({
    alias,
    name: alias,
    description: alias,
    updated: "2015-01-01T10:00:00-00:00",
    links: [],
  });
  app.get("/v2.0/extensions", (c) => c.json({ extensions: EXTENSIONS.map(extension) }));
  app.get("/v2.0/extensions/:alias", (c) => {
    const alias = c.req.param("alias");
    if (EXTENSIONS.includes(alias)) return c.json({ extension: extension(alias) });
    throw neutronError(404, "ExtensionsNotFound", `Extensions not found: ['${alias}'].`);
  });
  networkRoutes(app, world);
  portRoutes(app, world);
  groupRoutes(app, world);
  return app as unknown as Hono;
}
