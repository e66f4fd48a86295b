import { execFile } from "node:child_process";
import { existsSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { withLock } from "../../../controller/engine/find/lock.ts";

const run = promisify(execFile);
const PYTHON = "python3";
const CLIENT = "10.5.0";
const SCRIPT = fileURLToPath(new URL("stock_client.py", import.meta.url));

/** The stock client cannot be had on this machine: no Python that it runs on, no pip, or no package index. */
export class ClientMissing extends Error {
  override readonly name = "ClientMissing";
}

/**
 * The folder with python-openstackclient as Python's path takes it, in the user's cache; installed when it is not there yet, which takes about a minute
 * once. Several processes may ask at the same time.
 * @throws {ClientMissing} saying what is missing
 */
export async function installedClient(): Promise<string> {
  const version = await run(PYTHON, ["-c", "import sys; print('%d.%d' % sys.version_info[:2])"]).catch((cause) => {
    throw new ClientMissing(`${PYTHON} does not run on this machine`, { cause });
  });
  const cache = process.env.XDG_CACHE_HOME ?? path.join(homedir(), ".cache");
  const folder = path.join(cache, "fleetwright", `openstackclient-${CLIENT}-py${version.stdout.trim()}`);
  if (existsSync(folder)) return folder;
  return withLock(
    `${folder}.lock`,
    () => {},
    async () => {
      if (!existsSync(folder)) await install(folder);
      return folder;
    },
  );
}

/** Aside, then renamed: whoever sees the folder sees all of it. */
async function install(folder: string): Promise<void> {
  const aside = `${folder}.${process.pid}`;
  const options = ["--quiet", "--disable-pip-version-check", "--no-input", "--target", aside];
  try {
    await run(PYTHON, ["-m", "pip", "install", ...options, `python-openstackclient==${CLIENT}`], { timeout: 600_000 });
    renameSync(aside, folder);
  } catch (cause) {
    rmSync(aside, { recursive: true, force: true });
    const said = (cause as { stderr?: string }).stderr?.trim().split("\n").at(-1) ?? (cause as Error).message;
    throw new ClientMissing(`pip cannot install python-openstackclient ${CLIENT}: ${said}`, { cause });
  }
}

export interface Outcome {
  command: string;
  status: number;
  output: string;
  error: string;
}

/** Runs commands of `openstack` one after another in one process, as each start of it takes seconds. */
export async function runClient(folder: string, env: Record<string, string>, commands: string[][]): Promise<Outcome[]> {
  const { stdout } = await run(PYTHON, [SCRIPT, JSON.stringify(commands)], {
    env: { PATH: process.env.PATH ?? "", HOME: folder, PYTHONPATH: folder, PYTHONWARNINGS: "ignore", ...env },
    timeout: 120_000,
    maxBuffer: 10 * 1024 ** 2,
  });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Outcome);
}
