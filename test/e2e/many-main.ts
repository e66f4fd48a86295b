import "../../resources/lean-sdk.ts";
import { createLog } from "../../controller/jobs/log.ts";
import { Metrics } from "../../controller/jobs/metrics.ts";
import { Service } from "../../controller/jobs/service.ts";
import { openController } from "../../controller/open.ts";
import { standinPath } from "../../simulators/standins/index.ts";

/**
 * `fleetwright serve` without its web address, on a machine of its own as far as leases can tell, until its input ends. Arguments: clone, data folder, machine, lease in
 * milliseconds.
 */
const [fleetDir = "", dataDir = "", machine = "", leaseMs] = process.argv.slice(2);
const SETTINGS = { branch: "main", pollMs: 2_000, driftMs: 0, keepDays: 1, retryMs: 1_000, retryLimit: 10_000 };

const log = createLog((line) => console.log(line), "json");
let service: Service | undefined;
const controller = await openController({
  fleetDir,
  dataDir,
  machine,
  leaseMs: Number(leaseMs),
  standIns: standinPath(),
  stacksAtOnce: 3,
  progress: (event) => service?.progress(event),
});
service = new Service(controller, SETTINGS, log, new Metrics(controller.store, () => []));
await service.start();
await new Promise((ended) => process.stdin.once("end", ended).resume());
await service.stop();
await controller.close();
