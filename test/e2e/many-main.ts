import { setTimeout as sleep } from "node:timers/promises";
import { openController } from "../../controller/open.ts";
import { execute } from "../../controller/reconcile/execute.ts";
import { prepare } from "../../controller/reconcile/preview.ts";
import { FleetError } from "../../resources/errors.ts";
import { standinPath } from "../../simulators/standins/index.ts";

/**
 * One of several controllers of a fleet, on a machine of its own as far as leases can tell: applies what is committed, some stacks at a time,
 * until its input ends. Arguments: fleet, data folder, machine, lease in milliseconds, number of stacks (`a0.0`, `a1.0`, …), and where it begins.
 */
const [fleetDir = "", dataDir = "", machine = "", leaseMs, count, first] = process.argv.slice(2);
const AT_ONCE = 3;
const IDLE_MS = 300;

const controller = await openController({
  fleetDir,
  dataDir,
  machine,
  leaseMs: Number(leaseMs),
  standIns: standinPath(),
  stacksAtOnce: AT_ONCE,
  progress: (event) => event.kind === "note" && console.log(event.text),
});
let open = true;
process.stdin
  .on("end", () => {
    open = false;
  })
  .resume();

const { signal } = new AbortController();
for (let next = Number(first); open; next += AT_ONCE) {
  const stacks = Array.from({ length: AT_ONCE }, (_, index) => `a${(next + index) % Number(count)}.0`);
  try {
    const scope = { stacks, engine: false };
    const prepared = await prepare(controller, { ...scope, signal });
    if (prepared.works.length === 0) {
      await sleep(IDLE_MS);
      continue;
    }
    const approved = { by: machine, hashes: [prepared.preview.hash] };
    const { outcomes } = await execute(controller, { preview: scope, prepared, approved, signal });
    for (const { name, state, message = "" } of outcomes) console.log(`${name} ${state} ${message}`);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    console.log(`${error.code}: ${error.message}`);
  }
}
await controller.close();
