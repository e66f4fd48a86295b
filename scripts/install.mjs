// Plain JavaScript, because it runs on whatever Node the machine has, before anything is installed.
import { spawn } from "node:child_process";
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

export const root = path.dirname(import.meta.dirname);
const modules = path.join(root, "node_modules");
const lock = path.join(root, ".fleetwright/install.lock");
const TELL_EVERY_MS = 5_000;

/**
 * Runs `npm ci` unless node_modules is what package-lock.json asks for. Of several processes one does it, the others wait.
 *
 * @param {boolean} development whether what only tests and checks need must be there too: `npm ci --omit=dev` leaves it out
 */
export async function ensureInstalled(development = true) {
  if (isInstalled(development)) return;
  await withLock(async () => {
    if (isInstalled(development)) return;
    await npm(["ci"], root, "installing the dependencies (npm ci)");
    if (!isInstalled(development))
      throw new Error("npm ci ended well, but node_modules is not what package-lock.json says: try it by hand");
  });
}

/**
 * Gets the `node` package's program where npm ran no install scripts (some versions and settings do not).
 *
 * @param {string} node the path where it belongs
 */
export async function repairNode(node) {
  await withLock(async () => {
    if (existsSync(node)) return;
    tell("npm ran no install scripts: getting Node 24 now");
    await run(process.execPath, ["installArchSpecificPackage"], path.join(modules, "node")).catch(() => undefined);
    if (existsSync(node)) return;
    throw new Error(
      "this needs Node 24, and the one of the `node` package could not be installed. Either install Node 24 and put it on PATH, " +
        "or allow install scripts and run: npm rebuild node",
    );
  });
}

/**
 * npm writes what it has installed beside it, last of all; packages for other systems are not in there.
 *
 * @param {boolean} development
 */
function isInstalled(development) {
  try {
    const wanted = packagesOf(path.join(root, "package-lock.json"));
    const has = packagesOf(path.join(modules, ".package-lock.json"));
    return (
      Object.entries(has).every(([name, { version }]) => wanted[name]?.version === version) &&
      Object.entries(wanted).every(
        ([name, { dev, optional, devOptional }]) =>
          name === "" || optional || devOptional || (dev && !development) || name in has,
      )
    );
  } catch {
    return false;
  }
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, dev?: boolean, optional?: boolean, devOptional?: boolean }>}
 */
function packagesOf(file) {
  return JSON.parse(readFileSync(file, "utf8")).packages;
}

/**
 * @param {string[]} args
 * @param {string} cwd
 * @param {string} what
 */
async function npm(args, cwd, what) {
  tell(what);
  const began = performance.now();
  const timer = setInterval(() => tell(`${what}: ${Math.round((performance.now() - began) / 1000)} s`), TELL_EVERY_MS);
  try {
    await run("npm", [...args, "--no-audit", "--no-fund", "--loglevel=error"], cwd);
  } finally {
    clearInterval(timer);
  }
}

/**
 * Its output goes to stderr: stdout belongs to the script that is to run.
 *
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 * @returns {Promise<void>}
 */
function run(command, args, cwd) {
  // Without our own folder of programs, because the installation takes that away under the running one.
  const folders = (process.env.PATH ?? "").split(path.delimiter).filter((folder) => !folder.startsWith(modules));
  const env = { ...process.env, PATH: folders.join(path.delimiter) };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", process.stderr, process.stderr] });
    child.once("error", (error) => reject(new Error(`${command} does not run: ${error.message}`)));
    child.once("exit", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command} ${args[0]} failed (exit code ${code}); its messages stand above`));
    });
  });
}

/** @param {() => Promise<void>} work */
async function withLock(work) {
  mkdirSync(path.dirname(lock), { recursive: true });
  let told = false;
  while (!take()) {
    const holder = readHolder();
    if (holder !== undefined && !isAlive(holder)) {
      rmSync(lock, { force: true });
      continue;
    }
    if (!told) tell(`waiting for process ${holder ?? "?"}, which is installing the dependencies`);
    told = true;
    await sleep(250);
  }
  try {
    await work();
  } finally {
    rmSync(lock, { force: true });
  }
}

function take() {
  // Linked into place with its text in it: nobody reads half a lock.
  const mine = `${lock}.${process.pid}`;
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, lock);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

function readHolder() {
  try {
    return Number(readFileSync(lock, "utf8"));
  } catch {
    return undefined;
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/** @param {string} line */
function tell(line) {
  process.stderr.write(`fleetwright: ${line}\n`);
}
