import { Hono } from "hono";
import { serveSimulator } from "../kit.ts";
import type { World } from "../openstack/world.ts";
import type { SimulatedEntry, Simulator, SimulatorOptions } from "../simulator.ts";
import { VARIETY } from "./catalog.ts";
import { HyperstackControl } from "./control.ts";
import { errorBody, HyperstackError, missing } from "./errors.ts";
import { gatekeeper } from "./gatekeeper.ts";
import { instanceRoutes } from "./instances.ts";
import { Machines } from "./machines.ts";
import { Nova } from "./nova.ts";
import { saleRoutes } from "./sale.ts";
import { environmentRoutes, firewallRoutes, keyPairRoutes, volumeRoutes } from "./shared.ts";
import { HyperstackWorld } from "./world.ts";

/** The API key that is accepted when the options name none. */
export const HYPERSTACK_KEY = "hyperstack-simulator-key";

export interface HyperstackOptions extends SimulatorOptions {
  /** The OpenStack below it, where machines are servers; none when absent. */
  openstack?: World;
  /** What stands there besides. */
  more?(world: HyperstackWorld): void;
}

/**
 * A simulated Hyperstack API under `/v1`. Machines take 600 ms from create to active and actions 200 ms, unless the options say otherwise; there
 * is an environment `default-REGION` in each region.
 * @see https://docs.hyperstack.cloud/docs/api-reference/
 */
export async function startHyperstack(options: HyperstackOptions = {}): Promise<Simulator> {
  const world = new HyperstackWorld(options);
  options.more?.(world);
  const machines = new Machines(world, options.openstack && new Nova(options.openstack));
  const control = new HyperstackControl(world, machines);

  return serveSimulator(
    {
      cloud: "hyperstack",
      variety: VARIETY,
      app: hyperstackApi(world, machines, options),
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

function hyperstackApi(world: HyperstackWorld, machines: Machines, options: SimulatorOptions): Hono {
  const app = new Hono();
  app.use(
    gatekeeper({
      token: options.token ?? HYPERSTACK_KEY,
      rateScale: options.rateScale,
      now: () => world.clock.now(),
    }),
  );
  app
    .route("/v1/core/virtual-machines", instanceRoutes(world, machines))
    .route("/v1/core/environments", environmentRoutes(world))
    .route("/v1/core/firewalls", firewallRoutes(world))
    .route("/v1/core/volumes", volumeRoutes(world))
    .route("/v1/core", keyPairRoutes(world))
    .route("/v1", saleRoutes());
  app.notFound(() => {
    throw missing("The path");
  });
  app.onError((error, c) => {
    const known = error instanceof HyperstackError;
    const failure = known ? error : new HyperstackError("internal_error", `The simulator failed: ${error.stack}`);
    return c.json(errorBody(failure.status, failure.message), failure.status);
  });
  return app;
}

export const simulatedHyperstack: SimulatedEntry = {
  start: startHyperstack,
  credentials: { apiKey: HYPERSTACK_KEY },
};
