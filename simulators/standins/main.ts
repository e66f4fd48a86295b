import { serve } from "../../resources/plugin/host.ts";
import { type StandinName, standinPackage } from "./index.ts";

const WATCH_MS = 500;

/**
 * The body of a stand-in's executable, as the engine starts a plugin: it prints its port on the first line of its output, and ends when the
 * engine that started it is gone.
 */
export async function serveProcess(name: StandinName): Promise<void> {
  endWithEngine();
  const engine = process.argv.slice(2).find((argument) => !argument.startsWith("-"));
  process.stderr.write(`stand-in for the official ${name} plugin (not the real one)\n`);
  const host = await serve(await standinPackage(name, process.env), {
    ...(engine ? { engine } : {}),
    log: (level, message) => void process.stderr.write(`${level}: ${message}\n`),
  });
  process.stdout.write(`${host.port}\n`);
}

function endWithEngine(): void {
  const started = process.ppid;
  // Whatever is under way then has nobody left to hear of it.
  const end = () => process.exit(0);
  // A plugin has a process group of its own: nobody else ends it when its engine is killed.
  setInterval(() => process.ppid !== started && end(), WATCH_MS);
  // How the engine ends a plugin; it waits seconds for one that does not go.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, end);
}
