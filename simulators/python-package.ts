import { execFile } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";

const run = promisify(execFile);
const PYTHON = "python3";
const INSTALL_MS = 10 * 60_000;

/** A release on PyPI. */
export interface PythonPackage {
  /** Short, for folders and messages. */
  name: string;
  /** As pip takes it, without a version: `moto[ec2,server]`. */
  requirement: string;
  version: string;
}

/** The package cannot be had on this machine: no Python, no pip, or no package index. */
export class PackageMissing extends Error {
  override readonly name = "PackageMissing";
}

/**
 * The folder that holds the package as Python's path takes it, in the user's cache (`FLEETWRIGHT_CACHE` names another); installed when it is
 * not there yet, which takes about a minute once. Several processes may ask at the same time.
 *
 * @throws {PackageMissing} saying what is missing.
 */
export async function installedPackage(
  wanted: PythonPackage,
  env: NodeJS.ProcessEnv = process.env,
): Promise<{ python: string; folder: string }> {
  const python = await pythonVersion();
  const cache = env.FLEETWRIGHT_CACHE ?? path.join(env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache"), "fleetwright");
  const folder = path.join(cache, `${wanted.name}-${wanted.version}-py${python}`);
  mkdirSync(cache, { recursive: true });
  for (;;) {
    if (existsSync(folder)) return { python: PYTHON, folder };
    if (!takeLock(`${folder}.lock`)) {
      await delay(250);
      continue;
    }
    try {
      if (!existsSync(folder)) await install(wanted, folder);
    } finally {
      rmSync(`${folder}.lock`, { force: true });
    }
  }
}

async function pythonVersion(): Promise<string> {
  try {
    const { stdout } = await run(PYTHON, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]);
    return stdout.trim();
  } catch (cause) {
    throw new PackageMissing(`${PYTHON} does not run on this machine`, { cause });
  }
}

/** Aside, then renamed: whoever sees the folder sees all of it. */
async function install({ name, requirement, version }: PythonPackage, folder: string): Promise<void> {
  const aside = `${folder}.${process.pid}`;
  try {
    const options = ["--quiet", "--disable-pip-version-check", "--no-input", "--target", aside];
    await run(PYTHON, ["-m", "pip", "install", ...options, `${requirement}==${version}`], {
      timeout: INSTALL_MS,
    });
    renameSync(aside, folder);
  } catch (cause) {
    rmSync(aside, { recursive: true, force: true });
    const said = (cause as { stderr?: string }).stderr?.trim().split("\n").at(-1) ?? (cause as Error).message;
    throw new PackageMissing(`pip cannot install ${name} ${version}: ${said}`, { cause });
  }
}

/** False while a living process holds it. Two could pass a dead one in the same instant, which the renaming bears. */
function takeLock(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  try {
    const holder = Number(readFileSync(file, "utf8"));
    if (holder > 0) process.kill(holder, 0);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ESRCH") rmSync(file, { force: true });
  }
  return false;
}
