import { lstat, mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { createWorkspace, sweepWorkspaces } from "../../../controller/engine/workspace.ts";

const HOUR_MS = 60 * 60 * 1000;
let dataDir: string;

beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), "fw-workspace-"));
});
afterEach(async () => await rm(dataDir, { recursive: true, force: true }));

async function age(path: string, ms: number): Promise<void> {
  const then = new Date(Date.now() - ms);
  await utimes(path, then, then);
}

it("gives a run its stack's settings and takes back what the engine made of them", async () => {
  const workspace = await createWorkspace(dataDir, "acme", "linode-main.0", "run-1", "encryptionsalt: v1:a\n");

  expect(await workspace.stackSettings()).toBe("encryptionsalt: v1:a\n");
  await workspace.remove();
  expect(await readdir(join(dataDir, "runs"))).toEqual([]);
});

it("leaves the engine no folder for logs, those of earlier versions neither", async () => {
  const logs = join(dataDir, "pulumi", "logs");
  await mkdir(logs, { recursive: true });
  await writeFile(join(logs, "pulumi-20260101T000000-1.log"), "all that an engine did");

  await createWorkspace(dataDir, "acme", "a.0", "run-1", undefined);
  await createWorkspace(dataDir, "acme", "a.0", "run-2", undefined);

  expect((await lstat(logs)).isFile()).toBe(true);
});

it("sweeps folders that a kill left behind for an hour, and neither live nor young ones", async () => {
  const [dead, live, young] = await Promise.all(
    ["dead", "live", "young"].map((run) => createWorkspace(dataDir, "acme", "a.0", run, undefined)),
  );
  await age(dead!.dir, 2 * HOUR_MS);
  await age(live!.dir, 2 * HOUR_MS);

  await sweepWorkspaces(dataDir, new Set(["live"]), Date.now());

  const left = (await readdir(join(dataDir, "runs"))).map((name) => name.split("-")[0]).sort();
  expect(left).toEqual(["live", "young"]);
  expect(young).toBeDefined();
});

it("sweeps what the engine noted about folders that are gone", async () => {
  const notes = join(dataDir, "pulumi", "workspaces");
  await mkdir(notes, { recursive: true });
  await writeFile(join(notes, "old-workspace.json"), "{}");
  await writeFile(join(notes, "new-workspace.json"), "{}");
  await age(join(notes, "old-workspace.json"), 2 * HOUR_MS);

  await sweepWorkspaces(dataDir, new Set(), Date.now());

  expect(await readdir(notes)).toEqual(["new-workspace.json"]);
});
