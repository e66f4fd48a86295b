import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
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
  return await python(["-m", "schemathesis.cli", ...args]);
}

/** What is no OpenAPI 3.1 in a description in a file, by the official schema that comes with it; an empty text when nothing is. */
export async function openApiFault(file: string): Promise<string> {
  const { code, said } = await python(["-c", VALIDATE, file]);
  return code === 0 ? "" : said;
}

const VALIDATE = `
import json, sys
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR
OPENAPI_31_VALIDATOR.validate(json.load(open(sys.argv[1])))
`;

async function python(args: readonly string[]): Promise<{ code: number | null; said: string }> {
  const { python, folder } = await installedPackage(SCHEMATHESIS);
  // It keeps what it has found beside itself.
  const cwd = mkdtempSync(join(tmpdir(), "fw-schemathesis-"));
  const child = spawn(python, args, {
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, PYTHONPATH: folder, PYTHONDONTWRITEBYTECODE: "1", NO_COLOR: "1" },
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part: Buffer) => (said += part));
  const code = await new Promise<number | null>((done) => child.once("close", done));
  rmSync(cwd, { recursive: true, force: true });
  return { code, said };
}
