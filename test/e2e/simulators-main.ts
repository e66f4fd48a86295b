import { createInterface } from "node:readline";
import { simulators } from "../../simulators/index.ts";
import type { Simulator, SimulatorOptions } from "../../simulators/simulator.ts";

/**
 * The simulated clouds in a process of their own, so that they outlive a controller that is killed. Takes lines of JSON on standard input: each
 * holds options by cloud, closes what runs and starts those clouds anew, empty. Answers a line of JSON with their addresses. Ends with its input.
 */
let running: Simulator[] = [];

async function restart(line: string): Promise<void> {
  await Promise.all(running.map((simulator) => simulator.close()));
  const wanted = JSON.parse(line) as Record<string, SimulatorOptions>;
  running = await Promise.all(Object.entries(wanted).map(([cloud, options]) => simulators[cloud]!.start(options)));
  process.stdout.write(`${JSON.stringify(Object.fromEntries(running.map(({ cloud, url }) => [cloud, url])))}\n`);
}

let queue = Promise.resolve();
createInterface({ input: process.stdin })
  .on("line", (line) => {
    queue = queue.then(() => restart(line));
  })
  .on("close", () => process.exit(0));
