/** A controller with a run, for tests: `holder.ts RUN MS` starts a process that carries the run's id, has it guarded for MS, and says its pid. */
import { spawn } from "node:child_process";
import { RUN_VARIABLE } from "../../../controller/run-variable.ts";
import { steadyNow } from "../../../controller/steady.ts";
import { guardRun } from "../../../controller/watchdog/guard.ts";

const [run = "", ms] = process.argv.slice(2);
const engine = spawn("sleep", ["120"], {
  detached: true,
  stdio: "ignore",
  env: { ...process.env, [RUN_VARIABLE]: run },
});
guardRun(run, steadyNow() + Number(ms));
console.log(engine.pid);
setInterval(() => undefined, 1_000);
