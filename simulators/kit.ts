import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createAdaptorServer, type HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import type { Clock } from "./clock.ts";
import { controlRoutes, type SaleChange, type ServerPatch } from "./control.ts";
import { fillCloud, type Variety } from "./fill.ts";
import { Front } from "./front.ts";
import type { SimulatedServer, Simulator, SimulatorOptions } from "./simulator.ts";

export { routeOf } from "./calls.ts";
export { Clock } from "./clock.ts";
export type { SaleChange, ServerPatch } from "./control.ts";
export type { Variety } from "./fill.ts";
export { Ids } from "./ids.ts";

/** What a simulated cloud gives to the kit, which adds the server, the control routes, the call counts and the faults. */
export interface SimulatedCloud {
  readonly cloud: string;
  /** The public API with its version path, authentication and rate limits. */
  readonly app: Hono;
  /** Stopped when the simulator closes. */
  readonly clock: Clock;
  servers(): MaybePromise<SimulatedServer[]>;
  /** What it starts with when it is to hold machines; without it, it can only start empty. */
  readonly variety?: Variety;
  /** A machine that nobody of the fleet made, running at once. @throws {Error} on a size or region that the cloud does not have. */
  addForeign(server: ServerPatch): MaybePromise<SimulatedServer>;
  /** Changes a machine at once, without an action or event of the API; undefined when there is no such machine. */
  change(id: string, patch: ServerPatch): MaybePromise<SimulatedServer | undefined>;
  remove(id: string): MaybePromise<boolean>;
  /** What a machine was made with that no answer of the cloud tells, where the simulator keeps it. */
  given?(id: string): object | undefined;
  /** Changes price or stock of a size on sale, where the simulator can; false when there is no such size. */
  sell?(size: string, change: SaleChange): boolean;
  /** An error in the cloud's own shape, for injected statuses: JSON, or a whole answer where the cloud speaks another language. */
  errorBody(status: number, message: string): unknown;
  /** What a request asks for as a path, where its own path does not tell; faults and counts go by it. */
  pathOf?(request: Request): Promise<string>;
  /** The path with its ids replaced, where numbers and UUIDs are not all the ids there are. */
  routeOf?(path: string): string;
}

type MaybePromise<T> = T | Promise<T>;

/** Serves a simulated cloud on 127.0.0.1. */
export async function serveSimulator(cloud: SimulatedCloud, options: SimulatorOptions = {}): Promise<Simulator> {
  if (options.servers) await fillCloud(cloud, options.servers, options.seed);
  const front = new Front(cloud);
  const control = new Hono().route("/_simulator", controlRoutes(cloud, front));
  const fetch = (request: Request, env: unknown): Response | Promise<Response> =>
    new URL(request.url).pathname.startsWith("/_simulator/")
      ? control.fetch(request)
      : front.handle(request, env as HttpBindings);

  const server = createAdaptorServer({ fetch }) as Server;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port ?? 0, "127.0.0.1", () => {
      server.off("error", reject);
      resolve();
    });
  });
  const { port } = server.address() as AddressInfo;

  return {
    cloud: cloud.cloud,
    url: `http://127.0.0.1:${port}`,
    port,
    close: () => {
      cloud.clock.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}
