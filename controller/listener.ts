import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import { FleetError } from "../resources/errors.ts";
import { isLoopback } from "./fleet/loopback.ts";

export interface Address {
  hostname: string;
  /** 0 takes any that is free. */
  port: number;
}

/** What answers requests at an address. */
export interface Listener {
  /** `http://127.0.0.1:8350` */
  url: string;
  /** Cuts what is still open. */
  close(): Promise<void>;
}

/** What each request is told of the listener that it came by. */
export interface ListenerEnv {
  /** Only this machine reaches it. */
  loopback: boolean;
}

/** @throws {FleetError} USAGE where nothing can listen there. */
export async function listen(
  app: (request: Request, env: object) => Response | Promise<Response>,
  { hostname, port }: Address,
): Promise<Listener> {
  const loopback: ListenerEnv = { loopback: isLoopback(hostname) };
  const fetch = (request: Request, env: object) => app(request, Object.assign(env, loopback));
  const server = await new Promise<Server>((listening, failed) => {
    const server = serve({ fetch, hostname, port }, () => listening(server)) as Server;
    server.once("error", (cause) =>
      failed(new FleetError("USAGE", `--listen ${hostname}:${port}: ${cause.message}`, {}, { cause })),
    );
  });
  return { url: urlOf(server), close: () => close(server) };
}

function urlOf(server: Server): string {
  const address = server.address();
  if (address === null || typeof address === "string") return String(address);
  const host = address.family === "IPv6" ? `[${address.address}]` : address.address;
  return `http://${host}:${address.port}`;
}

async function close(server: Server): Promise<void> {
  const closed = new Promise<void>((done) => server.close(() => done()));
  server.closeAllConnections();
  await closed;
}
