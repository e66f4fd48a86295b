import { spawn } from "node:child_process";
import { installedPackage, PackageMissing, type PythonPackage } from "../../../../simulators/python-package.ts";

const SCHEMATHESIS: PythonPackage = { name: "schemathesis", requirement: "schemathesis", version: "4.32.5" };

/** Why it cannot be had here; undefined when it is in the cache (it is put there first, which takes a minute once). */
export async function schemathesisMissing(): Promise<string | undefined> {
  try {
    await installedPackage(SCHEMATHESIS);
    return undefined;
  } catch (error) {
    if (error instanceof PackageMissing) return `skipped: ${error.message}`;
    throw error;
  }
}

/** Runs it, and answers its exit code and what it has said. */
export async function schemathesis(args: readonly string[]): Promise<{ code: number | null; said: string }> {
  const { python, folder } = await installedPackage(SCHEMATHESIS);
  const child = spawn(python, ["-m", "schemathesis.cli", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1", NO_COLOR: "1" },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (said += part));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  return { code, said };
}
