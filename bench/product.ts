import { type OpenController, openController } from "../controller/open.ts";
import { Calls } from "./cloud/calls.ts";
import { createBenchCloud } from "./cloud/cloud.ts";
import { Machines } from "./cloud/machines.ts";
import { TOKEN_VARIABLE } from "./fleet.ts";
import type { Site } from "./site.ts";

/** The product on a site: everything as the command line has it, but for the cloud. */
export async function openProduct(site: Site): Promise<{ controller: OpenController; calls: Calls }> {
  const calls = new Calls();
  const bench = createBenchCloud(new Machines(site.cloudFile), calls);
  const controller = await openController({
    fleetDir: site.fleetDir,
    dataDir: site.dataDir,
    clouds: { bench },
    environment: { ...process.env, [TOKEN_VARIABLE]: "bench-token" },
  });
  return { controller, calls };
}
