import { Hono } from "hono";
import { serveSimulator } from "../kit.ts";
import type { SimulatedEntry, Simulator, SimulatorOptions } from "../simulator.ts";
import { computeRoutes } from "./compute.ts";
import { HivelocityControl } from "./control.ts";
import { deviceRoutes } from "./device.ts";
import { errorBody, HivelocityError } from "./errors.ts";
import { gatekeeper } from "./gatekeeper.ts";
import { keyRoutes } from "./keys.ts";
import { Machines } from "./machines.ts";
import { orderRoutes } from "./orders.ts";
import { VARIETY } from "./products.ts";
import { saleRoutes } from "./sale.ts";
import { HivelocityWorld } from "./world.ts";

/** The API key that is accepted when the options name none. */
export const HIVELOCITY_KEY = "hivelocity-simulator-key";

/**
 * A simulated Hivelocity API under `/api/v2`. Devices take 2 s from order to use and for the first third of it show in no request but that for
 * their order, unless the options say otherwise; limits are the documented ones.
 * @see https://developers.hivelocity.net/reference
 */
export async function startHivelocity(options: SimulatorOptions = {}): Promise<Simulator> {
  const world = new HivelocityWorld(options);
  const machines = new Machines(world);
  const control = new HivelocityControl(world, machines);

  return serveSimulator(
    {
      cloud: "hivelocity",
      variety: VARIETY,
      app: hivelocityApi(world, machines, options),
      clock: world.clock,
      servers: () => control.servers(),
      addForeign: (server) => control.addForeign(server),
      change: (id, patch) => control.change(id, patch),
      remove: (id) => control.remove(id),
      errorBody,
    },
    options,
  );
}

function hivelocityApi(world: HivelocityWorld, machines: Machines, options: SimulatorOptions): Hono {
  // A path without its last `/` is another one, as at the real API.
  const app = new Hono({ strict: true });
  app.use(
    gatekeeper({ token: options.token ?? HIVELOCITY_KEY, rateScale: options.rateScale, now: () => world.clock.now() }),
  );
  const compute = computeRoutes(world, machines);
  app
    .route("/api/v2/compute/", compute)
    .route("/api/v2/bare-metal-devices/", compute)
    .route("/api/v2/device/", deviceRoutes(world, machines))
    .route("/api/v2/ssh_key/", keyRoutes(world))
    .route("/api/v2", saleRoutes(world))
    .route("/api/v2", orderRoutes(world, machines));
  app.notFound((c) => c.json(errorBody(404, "The requested URL was not found on the server."), 404));
  app.onError((error, c) => {
    const known = error instanceof HivelocityError;
    const status = known ? error.status : 500;
    return c.json(errorBody(status, known ? error.message : `The simulator failed: ${error.stack}`), status);
  });
  return app;
}

export const simulatedHivelocity: SimulatedEntry = {
  start: startHivelocity,
  credentials: { apiKey: HIVELOCITY_KEY },
};
