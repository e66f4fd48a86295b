import { startLinode } from "./linode/index.ts";
import type { Simulator, SimulatorOptions } from "./simulator.ts";

/** The simulated clouds by their name in the registry. */
export const simulators: Record<string, (options?: SimulatorOptions) => Promise<Simulator>> = {
  linode: startLinode,
};
