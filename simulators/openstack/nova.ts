import { Hono } from "hono";
import { ApiError, novaError } from "./errors.ts";
import type { Identity } from "./identity.ts";
import { MAX_MINOR, markVersion, minorOf } from "./microversion.ts";
import { adminRoutes } from "./nova-admin.ts";
import { aggregateRoutes } from "./nova-aggregates.ts";
import { flavorRoutes } from "./nova-flavors.ts";
import { keyRoutes } from "./nova-keys.ts";
import type { NovaApp } from "./nova-request.ts";
import { serverRoutes } from "./nova-servers.ts";
import { answerError, originOf } from "./wire.ts";
import type { World } from "./world.ts";

/** Nova, at `/compute`. */
export function nova(world: World, identity: Identity): Hono {
  const app: NovaApp = new Hono();
  const answered = (error: unknown) =>
    error instanceof ApiError ? error : novaError(500, `Unexpected API Error. ${error}`);
  app.onError((error, c) => answerError(c, answered(error)));
  app.notFound((c) => c.text("404 Not Found\n\nThe resource could not be found.\n", 404));

  const version = (request: Request) => ({
    id: "v2.1",
    status: "CURRENT",
    version: `2.${MAX_MINOR}`,
    min_version: "2.1",
    updated: "2013-07-23T11:33:21Z",
    links: [{ rel: "self", href: `${originOf(request)}/compute/v2.1/` }],
  });
  app.get("/", (c) => {
    const links = [{ rel: "self", href: `${originOf(c.req.raw)}/compute/v2/` }];
    const legacy = {
      id: "v2.0",
      status: "SUPPORTED",
      version: "",
      min_version: "",
      updated: "2011-01-21T11:33:21Z",
      links,
    };
    return c.json({ versions: [legacy, version(c.req.raw)] });
  });
  for (const path of ["/v2.1", "/v2.1/"]) {
    app.get(path, (c) => {
      const described = { rel: "describedby", type: "text/html", href: "http://docs.openstack.org/" };
      const types = [{ base: "application/json", type: "application/vnd.openstack.compute+json;version=2.1" }];
      const own = version(c.req.raw);
      return c.json({ version: { ...own, links: [...own.links, described], "media-types": types } });
    });
  }

  app.use("/v2.1/*", async (c, next) => {
    const token = identity.check(c.req.header("x-auth-token"));
    if (!token.project) throw novaError(403, "Policy doesn't allow this without a project.");
    c.set("token", token);
    const minor = minorOf(c.req.raw.headers);
    c.set("minor", minor);
    markVersion(c, minor);
    await next();
  });
  app.route("/v2.1", serverRoutes(world));
  app.route("/v2.1", flavorRoutes(world));
  app.route("/v2.1", keyRoutes(world));
  app.route("/v2.1", aggregateRoutes(world));
  app.route("/v2.1", adminRoutes(world));
  return app as unknown as Hono;
}
