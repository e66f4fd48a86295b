import "../../resources/lean-sdk.ts";
import { openController } from "../../controller/open.ts";
import { reshard } from "../../controller/reconcile/reshard.ts";
import { standinPath } from "../../simulators/standins/index.ts";

/**
 * A reshard in a process of its own that kills itself (-9) at the step whose words match: `FLEET DATA ACCOUNT CELLS PATTERN`. What is told before a step is
 * told when the one before it is done, so these are the boundaries of steps, exactly.
 */
const [fleetDir, dataDir, account, cells, pattern] = process.argv.slice(2) as [string, string, string, string, string];
const at = new RegExp(pattern);
const controller = await openController({
  fleetDir,
  dataDir,
  standIns: standinPath(),
  progress: (event) => {
    if (event.kind === "phase" && at.test(event.text)) process.kill(process.pid, "SIGKILL");
  },
});
const author = { name: "Ada Operator", email: "ada@example.org" };
const { signal } = new AbortController();
await reshard(controller, { account, cells: Number(cells), author, signal });
await controller.close();
