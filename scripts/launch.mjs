// Plain JavaScript, because it runs on whatever Node the machine has: from 20.19 on.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import module from "node:module";
import { constants, homedir } from "node:os";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { ensureInstalled, repairNode, root } from "./install.mjs";

const NEEDED_MAJOR = 24;

/**
 * Installs the dependencies where that is still to be done, and runs a script of this project on Node 24: in this process when it is one,
 * else in a child on the Node of the `node` package, whose exit code and signals become this process's own.
 *
 * @param {string} file relative to the project's root
 * @param {string[]} args
 * @param {{ production?: boolean }} [options] production: it needs none of the dependencies of development
 */
export async function launch(file, args, { production = false } = {}) {
  const script = path.join(root, file);
  const node = await prepare(script, production).catch((error) => {
    process.stderr.write(`fleetwright: ${error.message}\n`);
  });
  if (node === undefined) {
    process.exitCode = 1;
    return;
  }
  // What the script starts by name runs on the same Node, also where npm has made no links.
  const folders = [...(node === process.execPath ? [] : [path.dirname(node)]), path.join(root, "node_modules/.bin")];
  process.env.PATH = [...folders, process.env.PATH].filter(Boolean).join(path.delimiter);
  keepCompiled();
  if (node === process.execPath) {
    process.argv = [node, script, ...args];
    await import(pathToFileURL(script).href);
  } else {
    process.exitCode = await runChild(node, [script, ...args]);
  }
}

/**
 * Reading the program takes more than most verbs do: from here on Node keeps what it has compiled, for this process and those it starts, unless
 * the environment says otherwise.
 */
export function keepCompiled() {
  process.env.NODE_COMPILE_CACHE ??= path.join(
    process.env.XDG_CACHE_HOME || path.join(homedir(), ".cache"),
    "fleetwright/compiled",
  );
  // A Node that is too old has no such thing, and starts one that has.
  module.enableCompileCache?.();
}

/**
 * @param {string} script
 * @param {boolean} production
 * @returns {Promise<string>} the Node to run it on
 */
async function prepare(script, production) {
  const recent = Number.parseInt(process.versions.node, 10) >= NEEDED_MAJOR;
  // The Node to run on in place of an old one is among the dependencies of development.
  await ensureInstalled(!(production && recent));
  if (!existsSync(script)) throw new Error(`there is no ${script}`);
  if (recent) return process.execPath;
  const node = path.join(root, "node_modules/node/bin/node");
  if (!existsSync(node)) await repairNode(node);
  return node;
}

/**
 * @param {string} node
 * @param {string[]} args
 * @returns {Promise<number>} the exit code
 */
function runChild(node, args) {
  return new Promise((resolve) => {
    const child = spawn(node, args, { stdio: "inherit" });

    // A terminal sends Ctrl-C to both processes: passing it on would make it two.
    const terminal = process.stdin.isTTY || process.stdout.isTTY || process.stderr.isTTY;
    for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM", "SIGHUP"])) {
      process.on(signal, () => {
        if (signal !== "SIGINT" || !terminal) child.kill(signal);
      });
    }
    child.once("error", (error) => {
      const mend = `install Node ${NEEDED_MAJOR} or newer and put it on PATH`;
      process.stderr.write(`fleetwright: ${node} does not run (${error.message}): ${mend}\n`);
      resolve(1);
    });
    child.once("exit", (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}
