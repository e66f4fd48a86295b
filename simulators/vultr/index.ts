import { Hono } from "hono";
import { routeOf, serveSimulator } from "../kit.ts";
import type { SimulatedEntry, Simulator, SimulatorOptions } from "../simulator.ts";
import { bareMetalRoutes } from "./bare-metals.ts";
import { VARIETY } from "./catalog.ts";
import { VultrControl } from "./control.ts";
import { VultrError } from "./errors.ts";
import { firewallRoutes } from "./firewalls.ts";
import { gatekeeper } from "./gatekeeper.ts";
import { instanceRoutes } from "./instances.ts";
import { keyRoutes } from "./keys.ts";
import { Machines } from "./machines.ts";
import { saleRoutes } from "./sale.ts";
import { snapshotRoutes } from "./snapshots.ts";
import { VultrWorld } from "./world.ts";

/** The API key that is accepted when the options name none. */
export const VULTR_API_KEY = "vultr-simulator-key";

/**
 * A simulated Vultr API under `/v2`. Instances take 600 ms to be made, bare metal five times as long, and actions 200 ms, unless the options say
 * otherwise; 30 requests a second are taken from an address.
 * @see https://www.vultr.com/api/
 */
export async function startVultr(options: SimulatorOptions = {}): Promise<Simulator> {
  const world = new VultrWorld(options);
  const machines = new Machines(world);
  const control = new VultrControl(world, machines);

  return serveSimulator(
    {
      cloud: "vultr",
      variety: VARIETY,
      app: vultrApi(world, machines, options),
      clock: world.clock,
      servers: () => control.servers(),
      addForeign: (server) => control.addForeign(server),
      change: (id, patch) => control.change(id, patch),
      remove: (id) => control.remove(id),
      errorBody: (status, message) => ({ error: message, status }),
      routeOf: (path) => routeOf(path).replace(/\/regions\/[^/]+\/availability$/, "/regions/:id/availability"),
    },
    options,
  );
}

function vultrApi(world: VultrWorld, machines: Machines, options: SimulatorOptions): Hono {
  const app = new Hono();
  app.use(
    gatekeeper({
      token: options.token ?? VULTR_API_KEY,
      rateScale: options.rateScale,
      now: () => world.clock.now(),
    }),
  );
  app
    .route("/v2/instances", instanceRoutes(world, machines))
    .route("/v2/bare-metals", bareMetalRoutes(world, machines))
    .route("/v2/firewalls", firewallRoutes(world))
    .route("/v2/ssh-keys", keyRoutes(world))
    .route("/v2/snapshots", snapshotRoutes(world))
    .route("/v2", saleRoutes());
  app.notFound(() => {
    throw new VultrError(404, "Invalid resource.");
  });
  app.onError((error, c) => {
    const known = error instanceof VultrError;
    const failure = known ? error : new VultrError(500, `The simulator failed: ${error.stack}`);
    return c.json({ error: failure.message, status: failure.status }, failure.status);
  });
  return app;
}

export const simulatedVultr: SimulatedEntry = { start: startVultr, credentials: { apiKey: VULTR_API_KEY } };
