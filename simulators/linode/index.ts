import { Hono } from "hono";
import { routeOf, serveSimulator } from "../kit.ts";
import type { SimulatedEntry, Simulator, SimulatorOptions } from "../simulator.ts";
import { accountRoutes, profileRoutes, tagRoutes } from "./account.ts";
import { VARIETY } from "./catalog.ts";
import { LinodeControl } from "./control.ts";
import { LinodeError } from "./errors.ts";
import { Firewalls } from "./firewalls.ts";
import { gatekeeper } from "./gatekeeper.ts";
import { instanceRoutes } from "./instances.ts";
import { Machines } from "./machines.ts";
import { partRoutes } from "./parts.ts";
import { saleRoutes } from "./sale.ts";
import { LinodeWorld } from "./world.ts";

/** The token that is accepted when the options name none. */
export const LINODE_TOKEN = "linode-simulator-token";

/**
 * A simulated Linode API under `/v4` and `/v4beta`. Machines take 600 ms from create to running and actions 200 ms, unless the options
 * say otherwise; limits are the real ones.
 * @see https://techdocs.akamai.com/linode-api/reference/api
 */
export async function startLinode(options: SimulatorOptions = {}): Promise<Simulator> {
  const world = new LinodeWorld(options);
  const machines = new Machines(world);
  const control = new LinodeControl(world, machines);

  return serveSimulator(
    {
      cloud: "linode",
      variety: VARIETY,
      app: linodeApi(world, machines, options),
      clock: world.clock,
      servers: () => control.servers(),
      addForeign: (server) => control.addForeign(server),
      change: (id, patch) => control.change(id, patch),
      remove: (id) => control.remove(id),
      given: (id) => world.linodes.get(id)?.given,
      sell: (size, change) => world.sale.change(size, change),
      errorBody: (_status, message) => ({ errors: [{ reason: message }] }),
      routeOf: (path) =>
        routeOf(path)
          .replace(/\/(types|regions|tags)\/(?!availability)[^/]+/, "/$1/:id")
          .replace(/\/(images|kernels)\/.+/, "/$1/:id"),
    },
    options,
  );
}

function linodeApi(world: LinodeWorld, machines: Machines, options: SimulatorOptions): Hono {
  const firewalls = new Firewalls(world);
  const api = new Hono()
    .route("/", saleRoutes(world))
    .route("/linode/instances", instanceRoutes(world, machines, firewalls))
    .route("/linode/instances", partRoutes(world))
    .route("/networking/firewalls", firewalls.routes)
    .route("/account", accountRoutes(world))
    .route("/profile", profileRoutes(world))
    .route("/tags", tagRoutes(world));

  const app = new Hono();
  app.use(
    gatekeeper({ token: options.token ?? LINODE_TOKEN, rateScale: options.rateScale, now: () => world.clock.now() }),
  );
  for (const version of ["/v4", "/v4beta"]) app.route(version, api);
  app.notFound((c) => c.json({ errors: [{ reason: "Not found" }] }, 404));
  app.onError((error, c) => {
    if (error instanceof LinodeError) return c.json({ errors: error.reasons }, error.status);
    return c.json({ errors: [{ reason: `The simulator failed: ${error.stack}` }] }, 500);
  });
  return app;
}

export const simulatedLinode: SimulatedEntry = { start: startLinode, credentials: { token: LINODE_TOKEN } };
