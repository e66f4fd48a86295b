import { SimulatorClient } from "../../../simulators/client.ts";
import { simulators } from "../../../simulators/index.ts";
import { PackageMissing } from "../../../simulators/python-package.ts";
import type { SimulatedServer, Simulator } from "../../../simulators/simulator.ts";
import { environmentOf } from "../simulated.ts";

/** Machines take about as long as a page takes to load. Rate limits are the real ones. */
const PROVISION_MS = 1_200;
const ACTION_MS = 400;
/** The stand-ins wait a twentieth of what the official plugins wait between two looks. */
const WAIT_SCALE = "0.05";

/** The simulated clouds of the demo. */
export interface DemoClouds {
  /** By cloud. */
  urls: Readonly<Record<string, string>>;
  /** Clouds that cannot be had on this machine, and why: the fleet then goes without them. */
  missing: Readonly<Record<string, string>>;
  /** What a controller needs in its environment to reach them. */
  environment: Readonly<Record<string, string>>;
  /** What happens on a cloud without the fleet's knowing. */
  control(cloud: string): SimulatorClient;
  /** Every machine that there is, by cloud. */
  machines(): Promise<Record<string, SimulatedServer[]>>;
  close(): Promise<void>;
}

/** Starts one simulator of each cloud on free ports of this machine. */
export async function startClouds(): Promise<DemoClouds> {
  const running: Simulator[] = [];
  const missing: Record<string, string> = {};
  const close = async () => void (await Promise.all(running.map((simulator) => simulator.close())));
  try {
    for (const [cloud, { start }] of Object.entries(simulators)) {
      try {
        running.push(await start({ provisionMs: PROVISION_MS, actionMs: ACTION_MS }));
      } catch (error) {
        if (!(error instanceof PackageMissing)) throw error;
        missing[cloud] = error.message;
      }
    }
  } catch (error) {
    await close();
    throw error;
  }
  const urls = Object.fromEntries(running.map(({ cloud, url }) => [cloud, url]));
  const clients = new Map(running.map(({ cloud, url }) => [cloud, new SimulatorClient(url)]));
  return {
    urls,
    missing,
    environment: {
      ...Object.assign({}, ...Object.entries(simulators).map(([cloud, entry]) => environmentOf(cloud, entry))),
      FLEETWRIGHT_STANDIN_WAIT_SCALE: WAIT_SCALE,
    },
    control: (cloud) => clients.get(cloud)!,
    machines: async () => {
      const found = [...clients].map(async ([cloud, client]) => [cloud, await client.servers()] as const);
      return Object.fromEntries(await Promise.all(found));
    },
    close,
  };
}
