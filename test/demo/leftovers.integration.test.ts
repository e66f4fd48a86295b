import { spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { own, removeLeftovers } from "../../controller/cli/demo/leftovers.ts";
import { processStartTime } from "../../controller/processes.ts";
import { ensureServer, stopEmbedded } from "../../controller/store/embedded.ts";
import { allProcesses } from "../e2e/processes.ts";

let parent: string;
let dir: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), "fw-leftovers-"));
  chmodSync(parent, 0o711);
  dir = join(parent, "fleetwright-demo-abc");
  mkdirSync(dir);
});

afterEach(async () => {
  await stopEmbedded(join(dir, "data"));
  rmSync(parent, { recursive: true });
});

/** The identity of a process that has ended. */
async function deadProcess(): Promise<{ pid: number; startTime: string }> {
  const child = spawn(process.execPath, ["-e", "setTimeout(() => {}, 60000)"]);
  const startTime = processStartTime(child.pid!)!;
  child.kill("SIGKILL");
  await once(child, "exit");
  return { pid: child.pid!, startTime };
}

describe("what a killed demo left", () => {
  it("is ended and removed by the next one, with its database", { timeout: 60_000 }, async () => {
    await ensureServer(join(dir, "data"));
    writeFileSync(join(dir, "owner.json"), JSON.stringify(await deadProcess()));

    await removeLeftovers(parent);

    expect(existsSync(dir)).toBe(false);
    expect(allProcesses().filter(({ command }) => command.includes(dir))).toEqual([]);
  });

  it("stays while its demo runs", async () => {
    await own(dir);

    await removeLeftovers(parent);

    expect(existsSync(dir)).toBe(true);
  });

  it.each(["", "[]", "{}", '{"pid":"1","startTime":1}'])("stays when nobody can tell whose it is: %j", async (text) => {
    if (text !== "") writeFileSync(join(dir, "owner.json"), text);

    await removeLeftovers(parent);

    expect(existsSync(dir)).toBe(true);
  });

  it("is never a folder with another name", async () => {
    const other = join(parent, "something-else");
    mkdirSync(other);
    writeFileSync(join(other, "owner.json"), JSON.stringify(await deadProcess()));

    await removeLeftovers(parent);

    expect(existsSync(other)).toBe(true);
  });
});
