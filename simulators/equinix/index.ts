import { randomUUID } from "node:crypto";
import { Hono, type MiddlewareHandler } from "hono";
import { serveSimulator } from "../kit.ts";
import type { SimulatedEntry, Simulator, SimulatorOptions } from "../simulator.ts";
import { VARIETY } from "./catalog.ts";
import { EquinixControl } from "./control.ts";
import { deviceRoutes, expansionOf, projectDeviceRoutes } from "./devices.ts";
import { bodyOf, EquinixError, notFound } from "./errors.ts";
import { gatekeeper } from "./gatekeeper.ts";
import { keyRoutes, projectKeyRoutes } from "./keys.ts";
import { Machines } from "./machines.ts";
import { answerList } from "./paging.ts";
import { saleRoutes } from "./sale.ts";
import { projectView, reservationView } from "./views.ts";
import { EQUINIX_PROJECT, EquinixWorld } from "./world.ts";

export { EQUINIX_PROJECT } from "./world.ts";

/** The token that is accepted when the options name none. */
export const EQUINIX_TOKEN = "equinix-simulator-token";

/**
 * A simulated Equinix Metal API under `/metal/v1`, with one project. Devices take 6 s from create to active and actions 400 ms, unless the options
 * say otherwise; the limit is the real one.
 * @see https://deploy.equinix.com/developers/api/metal
 */
export async function startEquinix(options: SimulatorOptions = {}): Promise<Simulator> {
  const world = new EquinixWorld(options);
  const machines = new Machines(world);
  const control = new EquinixControl(world, machines);
  return serveSimulator(
    {
      cloud: "equinix",
      variety: VARIETY,
      app: equinixApi(world, machines, options),
      clock: world.clock,
      servers: () => control.servers(),
      addForeign: (server) => control.addForeign(server),
      change: (id, patch) => control.change(id, patch),
      remove: (id) => control.remove(id),
      errorBody: (status, message) => bodyOf(status, [message]),
    },
    options,
  );
}

function equinixApi(world: EquinixWorld, machines: Machines, options: SimulatorOptions): Hono {
  const app = new Hono();
  app.use(async (c, next) => {
    c.header("x-request-id", randomUUID());
    await next();
  });
  const { token = EQUINIX_TOKEN, rateScale } = options;
  app.use(gatekeeper({ token, rateScale, now: () => world.clock.now() }));
  const project = "/metal/v1/projects/:project";
  app.use(`${project}/*`, ownProject);
  app.get("/metal/v1/projects", (c) => answerList(c, "projects", [world], projectView));
  app.get(project, ownProject, (c) => c.json(projectView(world)));
  app.get(`${project}/hardware-reservations`, (c) => {
    const expansion = expansionOf(c);
    const provisionable = c.req.query("provisionable") === "only";
    const shown = world.reservations.filter(({ device }) => !provisionable || device === undefined);
    return answerList(c, "hardware_reservations", shown, (each) => reservationView(each, world, expansion));
  });
  app.get("/metal/v1/hardware-reservations/:id", (c) => {
    const found = world.reservations.find(({ id }) => id === c.req.param("id"));
    if (!found) throw notFound();
    return c.json(reservationView(found, world, expansionOf(c)));
  });
  app
    .route(`${project}/devices`, projectDeviceRoutes(world, machines))
    .route(`${project}/ssh-keys`, projectKeyRoutes(world))
    .route("/metal/v1/devices", deviceRoutes(world, machines))
    .route("/metal/v1/ssh-keys", keyRoutes(world))
    .route("/metal/v1", saleRoutes(world));
  app.notFound(() => {
    throw notFound();
  });
  app.onError((error, c) => {
    const known = error instanceof EquinixError;
    const failure = known ? error : new EquinixError(500, `The simulator failed: ${error.stack}`);
    return c.json(bodyOf(failure.status, failure.reasons), failure.status);
  });
  return app;
}

const ownProject: MiddlewareHandler = async (c, next) => {
  if (c.req.param("project") !== EQUINIX_PROJECT) throw notFound();
  await next();
};

export const simulatedEquinix: SimulatedEntry = {
  start: startEquinix,
  credentials: { token: EQUINIX_TOKEN },
  accountOptions: { project: EQUINIX_PROJECT },
};
