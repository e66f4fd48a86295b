import "../lean-sdk.ts";
import manifest from "../../package.json" with { type: "json" };
import { listensAt, watchEngine } from "./engine-watch.ts";
import { packageFromEnvironment } from "./executable.ts";
import { serve } from "./host.ts";

/**
 * The executable `pulumi-resource-fleetwright`: serves the package on a free port, which it prints on a line of its own, and ends with the engine
 * that started it. The engine gives its own address as the last argument.
 */
const engine = process.argv.slice(2).findLast((argument) => /^\S*:\d+$/.test(argument));
const host = await serve(await packageFromEnvironment(process.env, manifest.version), {
  log: (level, message) => process.stderr.write(`fleetwright: ${level}: ${message}\n`),
  ...(engine === undefined ? {} : { engine }),
});

async function end(code: number): Promise<never> {
  await host.close();
  process.exit(code);
}

watchEngine({ parent: () => process.ppid, reachable: () => listensAt(engine) }, () => end(1));
process.once("SIGTERM", () => end(0));
// A Ctrl-C in the terminal reaches the whole group, but the engine lets what is under way be done, and then ends us.
process.on("SIGINT", () => engine ?? end(0));

process.stdout.write(`${host.port}\n`);
