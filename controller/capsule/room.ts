import { createHash } from "node:crypto";
import type { Wire } from "../../resources/wire.ts";
import { standinPath } from "../../simulators/standins/index.ts";
import { createLog } from "../jobs/log.ts";
import { Metrics } from "../jobs/metrics.ts";
import { Service } from "../jobs/service.ts";
import { type OpenController, openController } from "../open.ts";
import type { Principal } from "../people/principal.ts";
import type { Desired } from "../reconcile/desired.ts";
import type { Person } from "../repo/commit.ts";
import { personAt } from "../repo/person.ts";
import { currentBranch } from "../repo/remote.ts";
import type { Environment } from "./credentials.ts";
import { ensureHome, type Home } from "./home.ts";

export interface RoomOptions {
  home: Home;
  environment: Environment;
  dataDir?: string;
  /** Drive simulated clouds by stand-ins of the official plugins. */
  standIns?: boolean;
  wire: Wire;
  onSecrets?: (values: string[]) => void;
}

/** Another process's commits are seen after so long; our own at once. */
const POLL_MS = 2_000;
const KEEP_DAYS = 90;
const RETRY_MS = 5_000;
const RETRIES = 3;
const LOOK_MS = 50;

/** A controller of this process and its service, which work until they are closed. */
export interface Room {
  controller: OpenController;
  service: Service;
  /** Who asks: as git knows the person, else the system. */
  by: Principal;
  signal: AbortSignal;
  /** The fleet as the newest commit has it. */
  desired(): Promise<Desired>;
  close(): Promise<void>;
}

/** @throws {FleetError} GIT_FAILED, STORE_FAILED, FLEET_INVALID */
export async function openRoom({ home, environment, dataDir, standIns, wire, onSecrets }: RoomOptions): Promise<Room> {
  const person = await personAt(process.cwd());
  await ensureHome(home, person);
  let service: Service | undefined;
  const controller = await openController({
    fleetDir: home.dir,
    environment,
    wire,
    progress: (event) => service?.progress(event),
    ...(dataDir !== undefined && { dataDir }),
    ...(standIns && { standIns: standinPath() }),
    ...(onSecrets && { onSecrets }),
  });
  const stopping = new AbortController();
  const close = async () => {
    stopping.abort();
    try {
      await service?.stop();
    } finally {
      await controller.close();
    }
  };
  try {
    const branch = await currentBranch(controller.repo.dir);
    controller.commits.follow(branch);
    const settings = {
      branch,
      pollMs: POLL_MS,
      driftMs: 0,
      keepDays: KEEP_DAYS,
      retryMs: RETRY_MS,
      retryLimit: RETRIES,
    };
    // What fails is thrown at whoever has asked for it.
    const log = createLog(() => undefined, "json", "silent");
    service = new Service(controller, settings, log, new Metrics(controller.store, () => []));
    await service.start();
    while ((await service.unready()) !== undefined) await controller.sleep(LOOK_MS);
  } catch (error) {
    await close().catch(() => undefined);
    throw error;
  }
  const started = service;
  const desired = async () => {
    await started.look();
    return started.desired!;
  };
  return { controller, service, by: principalOf(person), signal: stopping.signal, desired, close };
}

/** Whoever can open the controller's folder may do all that a command may do. The same person always has the same id. */
function principalOf({ name, email }: Person): Principal {
  const hex = createHash("sha256").update(`capsule ${email}`).digest("hex");
  const id = `${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
  return { id, name, email, role: "operator", via: "session" };
}
