import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { standinPath } from "../../../simulators/standins/index.ts";
import { type OpenController, openController } from "../../open.ts";
import { endProcesses, findByEnvironment } from "../../processes.ts";
import type { Progress } from "../../reconcile/progress.ts";
import { RUN_VARIABLE } from "../../run-variable.ts";
import { stopEmbedded } from "../../store/embedded.ts";
import { type DemoClouds, startClouds } from "./clouds.ts";
import { makeFleet } from "./fleet.ts";
import { FOLDER, own, removeLeftovers } from "./leftovers.ts";
import { DEMO_VARIABLE, shellFile } from "./text.ts";

/** Settings that would lead the demo to a real database, state or data folder. */
const NOT_TAKEN_OVER = ["DATABASE_URL", "FLEETWRIGHT_DATA", "FLEETWRIGHT_STATE_KEY_FILE", "PULUMI_BACKEND_URL"];

/** All that the demo stands on: simulated clouds, a fleet repository and a controller, in one temporary folder. */
export interface Place {
  dir: string;
  fleet: string;
  data: string;
  /** File for the shell of another terminal. */
  shell: string;
  clouds: DemoClouds;
  controller: OpenController;
  /** Ends every process of the demo and removes its folder, however far it came. */
  close(options: { keep: boolean }): Promise<void>;
}

/** Opens them in order; what was opened before a failure is closed again. */
export async function openPlace(progress: Progress): Promise<Place> {
  await removeLeftovers();
  const dir = await mkdtemp(join(tmpdir(), FOLDER));
  await own(dir);
  // Started by root, the database runs as another user, who must be able to pass through.
  await chmod(dir, 0o711);
  const fleet = join(dir, "fleet");
  const data = join(dir, "data");
  const closers: (() => Promise<unknown>)[] = [];
  const close = async ({ keep }: { keep: boolean }) => {
    // Each is tried, whatever became of the one before.
    const failures: unknown[] = [];
    for (const closer of closers.splice(0).reverse()) await closer().catch((error: unknown) => failures.push(error));
    if (!keep) await rm(dir, { recursive: true, force: true });
    if (failures.length > 0) throw failures[0];
  };
  try {
    const clouds = await startClouds();
    closers.push(clouds.close);
    // Equinix Metal sells nothing any more: its machine was there before, and is taken over.
    const old = { name: "store-1", size: "c3.small.x86", region: "da", image: "debian_12", tags: ["role:store"] };
    const { id } = await clouds.control("equinix").addForeign(old);
    await makeFleet(fleet, clouds.urls, { file: "servers/metal/store-1.yaml", id });
    const controller = await openController({
      fleetDir: fleet,
      dataDir: data,
      environment: { ...inherited(), ...clouds.environment },
      standIns: standinPath(),
      progress,
    });
    // Also when a command in another terminal still uses it: its data are about to go.
    closers.push(() => stopEmbedded(data), controller.close);
    // A service would start the database again, as often as it is stopped.
    closers.push(() => endProcesses(findByEnvironment(DEMO_VARIABLE, dir), { graceMs: 5_000 }));
    const shell = join(dir, "env.sh");
    await writeFile(shell, shellFile({ dir, clouds, fleet, data }), { mode: 0o600 });
    return { dir, fleet, data, shell, clouds, controller, close };
  } catch (error) {
    await close({ keep: false });
    throw error;
  }
}

/** Ends engines and plugins that are at work: what they make lives in simulators that end as well. */
export async function endRuns({ store }: OpenController): Promise<void> {
  for (const { id } of await store.openRuns())
    await endProcesses(findByEnvironment(RUN_VARIABLE, id), { graceMs: 2_000 });
}

function inherited(): Record<string, string | undefined> {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !NOT_TAKEN_OVER.includes(name)));
}
