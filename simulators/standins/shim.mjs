// Plain JavaScript, because the engine starts it on whatever Node the machine has: from 20.19 on.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { keepCompiled } from "../../scripts/launch.mjs";

const NEEDED_MAJOR = 24;
const WATCH_MS = 500;

/**
 * Runs a stand-in on Node 24: in this process when it is one, else in a child on the Node of the `node` package.
 *
 * @param {import("./index.ts").StandinName} name
 */
export async function run(name) {
  // The engine starts one for each run.
  keepCompiled();
  if (Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR) {
    const { serveProcess } = await import("./main.ts");
    await serveProcess(name);
    return;
  }
  const node = fileURLToPath(new URL("../../node_modules/node/bin/node", import.meta.url));
  const script = fileURLToPath(new URL(`./bin/pulumi-resource-${name}`, import.meta.url));
  const child = spawn(node, [script, ...process.argv.slice(2)], { stdio: "inherit" });
  const engine = process.ppid;
  setInterval(() => process.ppid !== engine && child.kill("SIGKILL"), WATCH_MS).unref();
  for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) process.on(signal, () => child.kill(signal));
  child.once("error", (error) => {
    process.stderr.write(
      `pulumi-resource-${name}: ${node} does not run (${error.message}): install Node ${NEEDED_MAJOR} or newer\n`,
    );
    process.exitCode = 1;
  });
  child.once("exit", (code) => process.exit(code ?? 1));
}
