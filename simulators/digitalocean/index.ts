import { randomUUID } from "node:crypto";
import { Hono } from "hono";
import { routeOf, serveSimulator } from "../kit.ts";
import type { SimulatedEntry, Simulator, SimulatorOptions } from "../simulator.ts";
import { VARIETY } from "./catalog.ts";
import { DigitalOceanControl } from "./control.ts";
import { actionRoutes, dropletRoutes } from "./droplets.ts";
import { DigitalOceanError, errorIdOf, notFound } from "./errors.ts";
import { firewallRoutes } from "./firewalls.ts";
import { gatekeeper } from "./gatekeeper.ts";
import { accountRoutes } from "./keys.ts";
import { Machines } from "./machines.ts";
import { monitoringRoutes } from "./monitoring.ts";
import { saleRoutes } from "./sale.ts";
import { dropletSnapshotRoutes, snapshotRoutes } from "./snapshots.ts";
import { tagRoutes } from "./tags.ts";
import { DigitalOceanWorld } from "./world.ts";

/** The token that is accepted when the options name none. */
export const DIGITALOCEAN_TOKEN = "digitalocean-simulator-token";

/**
 * A simulated DigitalOcean API under `/v2`. Droplets take 600 ms from create to active and actions 200 ms, unless the options say
 * otherwise; limits are the real ones.
 * @see https://docs.digitalocean.com/reference/api/digitalocean/
 */
export async function startDigitalOcean(options: SimulatorOptions = {}): Promise<Simulator> {
  const world = new DigitalOceanWorld(options);
  const machines = new Machines(world);
  const control = new DigitalOceanControl(world, machines);

  return serveSimulator(
    {
      cloud: "digitalocean",
      variety: VARIETY,
      app: digitalOceanApi(world, machines, options),
      clock: world.clock,
      servers: () => control.servers(),
      addForeign: (server) => control.addForeign(server),
      change: (id, patch) => control.change(id, patch),
      remove: (id) => control.remove(id),
      given: (id) => world.droplets.get(id)?.given,
      sell: (size, change) => world.sale.change(size, change),
      errorBody: (status, message) => ({ id: errorIdOf(status), message, request_id: randomUUID() }),
      routeOf: (path) => routeOf(path).replace(/\/(tags|images|keys)\/[^/]+/, "/$1/:id"),
    },
    options,
  );
}

function digitalOceanApi(world: DigitalOceanWorld, machines: Machines, options: SimulatorOptions): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    c.header("x-request-id", randomUUID());
    await next();
  });
  app.use(
    gatekeeper({
      token: options.token ?? DIGITALOCEAN_TOKEN,
      rateScale: options.rateScale,
      now: () => world.clock.now(),
    }),
  );
  app
    .route("/v2/droplets", dropletRoutes(world, machines))
    .route("/v2/droplets", dropletSnapshotRoutes(world))
    .route("/v2/snapshots", snapshotRoutes(world))
    .route("/v2/actions", actionRoutes(world))
    .route("/v2/monitoring/metrics/droplet", monitoringRoutes(world))
    .route("/v2/firewalls", firewallRoutes(world))
    .route("/v2/account", accountRoutes(world))
    .route("/v2/tags", tagRoutes(world))
    .route("/v2", saleRoutes(world));
  app.notFound(() => {
    throw notFound();
  });
  app.onError((error, c) => {
    const known = error instanceof DigitalOceanError;
    const failure = known ? error : new DigitalOceanError("server_error", `The simulator failed: ${error.stack}`);
    const requestId = c.res.headers.get("x-request-id") ?? undefined;
    return c.json({ id: failure.id, message: failure.message, request_id: requestId }, failure.status);
  });
  return app;
}

export const simulatedDigitalOcean: SimulatedEntry = {
  start: startDigitalOcean,
  credentials: { token: DIGITALOCEAN_TOKEN },
};
