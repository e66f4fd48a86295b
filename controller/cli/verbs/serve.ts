import type { Server } from "node:http";
import { isIP } from "node:net";
import { serve } from "@hono/node-server";
import { FleetError } from "../../../resources/errors.ts";
import { standinPath } from "../../../simulators/standins/index.ts";
import { fleetApp } from "../../api/fleet/app.ts";
import { FleetMemory } from "../../api/fleet/memory.ts";
import { operationsApp } from "../../api/operations.ts";
import { fleetIdOf } from "../../fleet-id.ts";
import { createLog, type LogFormat } from "../../jobs/log.ts";
import { Metrics } from "../../jobs/metrics.ts";
import { Service } from "../../jobs/service.ts";
import { openController } from "../../open.ts";
import { openPeople } from "../../people/people.ts";
import { currentBranch } from "../../repo/remote.ts";
import { pageApp } from "../../ui/app.ts";
import { peopleGate } from "../../ui/people-gate.ts";
import { VERSION } from "../../version.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";

/** Names the secret that the git host signs its calls with. */
const HOOK_SECRET = "FLEETWRIGHT_HOOK_SECRET";
/** Names the secret of the forge's webhook. */
const FORGE_SECRET = "FLEETWRIGHT_FORGE_SECRET";
/** A guessed secret makes the service look at the repository as often as somebody likes. */
const SHORTEST_SECRET = 16;

export interface ServeFlags extends GlobalOptions {
  listen: string;
  branch?: string;
  pollSeconds: number;
  driftSeconds: number;
  expireAt: number | "never";
  retrySeconds: number;
  retries: number;
  keepDays: number;
  stacksAtOnce: number;
  logFormat?: LogFormat;
}

/**
 * `fleetwright serve`: keeps the fleet as the main line of its repository says until SIGTERM or SIGINT; then runs under way are finished. A
 * second signal leaves them to the next start. Exit 0 when it was asked to end.
 * @throws {FleetError} USAGE, GIT_FAILED, STORE_FAILED when it cannot start.
 */
export async function serveVerb(flags: ServeFlags, io: Io): Promise<number> {
  const address = addressOf(flags.listen);
  const hookSecret = secretOf(HOOK_SECRET);
  const forgeSecret = secretOf(FORGE_SECRET);
  // A fetch that would ask for a password fails instead.
  process.env.GIT_TERMINAL_PROMPT ??= "0";
  const format = flags.logFormat ?? (process.stdout.isTTY === true ? "pretty" : "json");
  const log = createLog((line) => io.out(line), format);
  const { logger } = log;
  log.hide([hookSecret, forgeSecret].filter((one) => one !== undefined));

  let service: Service | undefined;
  let metrics: Metrics | undefined;
  const controller = await openController({
    fleetDir: flags.fleet,
    stacksAtOnce: flags.stacksAtOnce,
    progress: (event) => service?.progress(event),
    onCall: (account, verdict) => metrics?.cloudCalls.inc({ account, verdict }),
    onSecrets: (values) => log.hide(values),
    ...(flags.data === undefined ? {} : { dataDir: flags.data }),
    ...(flags.provider === undefined ? {} : { provider: flags.provider }),
    ...(flags.standIns ? { standIns: standinPath() } : {}),
  });
  try {
    const branch = flags.branch ?? (await currentBranch(controller.repo.dir));
    controller.commits.follow(branch);
    metrics = new Metrics(controller.store, () => service?.budgets() ?? []);
    service = new Service(controller, settingsOf(flags, branch), log, metrics);
    const { registry } = metrics;
    const started = service;
    const stopping = new AbortController();
    const people = await openPeople({ ...controller, fleetId: await fleetIdOf(controller) });
    const memory = new FleetMemory(controller, started);
    const app = operationsApp({
      store: controller.store,
      registry,
      unready: () => started.unready(),
      poke: () => started.poke(),
      ...(hookSecret === undefined ? {} : { hookSecret }),
      ...(forgeSecret !== undefined && {
        forge: {
          secret: forgeSecret,
          kind: () => started.desired?.fleet.forge?.kind,
          isNew: (keys) => controller.store.noteDelivery(keys),
          pulled: () => started.pulled(),
          now: controller.now,
        },
      }),
      fleet: fleetApp({
        controller,
        memory,
        service: started,
        people,
        authenticate: people.authenticate,
        logger,
        stopping: stopping.signal,
      }),
      page: pageApp({ controller, memory, service: started, gate: peopleGate(people), logger }),
    });
    const asked = askedToEnd((signal) => logger.info({ signal }, "stopping: what is under way is finished"));
    const server = await listen(app.fetch, address);
    try {
      if (flags.standIns) logger.warn("using stand-ins of the official plugins: for simulated clouds only");
      await service.start();
      logger.info({ version: VERSION, branch, listen: urlOf(server), webhook: hookSecret !== undefined }, "serving");
      await asked;
      stopping.abort();
      await service.stop();
      logger.info("stopped");
      return EXIT.ok;
    } finally {
      await close(server);
    }
  } finally {
    await controller.close();
  }
}

const settingsOf = (flags: ServeFlags, branch: string) => ({
  branch,
  pollMs: flags.pollSeconds * 1000,
  driftMs: flags.driftSeconds * 1000,
  ...(flags.expireAt === "never" ? {} : { expireAt: flags.expireAt }),
  keepDays: flags.keepDays,
  retryMs: flags.retrySeconds * 1000,
  retryLimit: flags.retries,
});

/** Resolves at the first signal; the second ends the process as it is. */
function askedToEnd(tell: (signal: string) => void): Promise<void> {
  return new Promise((asked) => {
    let before = false;
    for (const name of ["SIGINT", "SIGTERM"] as const)
      process.on(name, () => {
        if (before) process.exit(130);
        before = true;
        tell(name);
        asked();
      });
  });
}

interface Address {
  hostname: string;
  port: number;
}

/** `127.0.0.1:8350`, `[::1]:0`. @throws {FleetError} USAGE */
function addressOf(text: string): Address {
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  const name = bracketed ?? plain ?? "";
  if (Number(port) > 65_535 || !(name === "localhost" || isIP(name) !== 0))
    throw new FleetError("USAGE", `--listen ${text}: an address and a port are wanted, 127.0.0.1:8350`, {});
  return { hostname: name, port: Number(port) };
}

/** @throws {FleetError} USAGE */
function secretOf(name: string): string | undefined {
  const value = process.env[name];
  if (value === undefined || value === "") return undefined;
  if (value.length >= SHORTEST_SECRET) return value;
  throw new FleetError("USAGE", `${name} has fewer than ${SHORTEST_SECRET} characters: take a random one`, {});
}

function listen(fetch: Parameters<typeof serve>[0]["fetch"], { hostname, port }: Address): Promise<Server> {
  return new Promise((listening, failed) => {
    const server = serve({ fetch, hostname, port }, () => listening(server)) as Server;
    server.once("error", (cause) =>
      failed(new FleetError("USAGE", `--listen ${hostname}:${port}: ${cause.message}`, {}, { cause })),
    );
  });
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
