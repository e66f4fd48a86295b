import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { PythonPackage } from "../../../simulators/python-package.ts";

const run = promisify(execFile);
const SCRIPT = fileURLToPath(new URL("stock_client.py", import.meta.url));

/** OpenStack's own command line. */
export const CLIENT: PythonPackage = {
  name: "openstackclient",
  requirement: "python-openstackclient",
  version: "10.5.0",
};

export interface Outcome {
  command: string;
  status: number;
  output: string;
  error: string;
}

/** Runs commands of `openstack` one after another in one process, as each start of it takes seconds. */
export async function runClient(
  { python, folder }: { python: string; folder: string },
  env: Record<string, string>,
  commands: string[][],
): Promise<Outcome[]> {
  const { stdout } = await run(python, [SCRIPT, JSON.stringify(commands)], {
    env: { PATH: process.env.PATH ?? "", HOME: folder, PYTHONPATH: folder, PYTHONWARNINGS: "ignore", ...env },
    timeout: 120_000,
    maxBuffer: 10 * 1024 ** 2,
  });
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Outcome);
}
