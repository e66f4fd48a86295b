import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { Clouds } from "../../e2e/clouds.ts";
import { Fleet, KEY, server } from "../../e2e/fleet.ts";

/** Exit codes and JSON shapes as docs/cli.md gives them, on one fleet that goes from nothing to drift. */
const TIMEOUT = 120_000;

let clouds: Clouds;
let fleet: Fleet;
let store: Store;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "shapes" });
  fleet.write({
    "keys/ops.yaml": KEY,
    "servers/lab-1.yaml": server("proxmox", "lab-1"),
    "servers/lab-2.yaml": server("proxmox", "lab-2"),
  });
  fleet.commit("Two servers");
  // As beside a running controller: no command has to start and end the database.
  store = await openStore({ dataDir: fleet.dataDir });
}, TIMEOUT);

afterAll(async () => {
  await store?.close();
  await fleet?.close();
  await clouds?.close();
});

// biome-ignore lint/suspicious/noExplicitAny: what a command prints is what is looked at here.
type Printed = Record<string, any>;

/** One command: its exit code, and its output, which must be exactly one line with an object. */
async function json(...args: string[]): Promise<{ code: number | undefined; value: Printed }> {
  const { code, stdout, stderr } = await fleet.run([...args, "--json"]);
  expect(stdout.trimEnd().split("\n"), stderr).toHaveLength(1);
  return { code, value: JSON.parse(stdout) };
}

describe("one JSON object, and an exit code that says what it means", () => {
  it("validate", { timeout: TIMEOUT }, async () => {
    const { code, value } = await json("validate");

    expect(code).toBe(0);
    expect(value).toEqual({ files: 7, servers: 2, problems: [], notes: [] });
  });

  it("validate, with every problem at its place", { timeout: TIMEOUT }, async () => {
    writeFileSync(join(fleet.dir, "servers/bad.yaml"), "kind: Server\nname: bad\nacount: pve-lab\n");
    const { code, value } = await json("validate");
    execFileSync("rm", [join(fleet.dir, "servers/bad.yaml")]);

    expect(code).toBe(1);
    expect(value.problems).toContainEqual(
      expect.objectContaining({ file: "servers/bad.yaml", line: 3, column: 1, nearest: "account" }),
    );
  });

  it("compile", { timeout: TIMEOUT }, async () => {
    const { code, value } = await json("compile");

    expect(code).toBe(0);
    expect(Object.keys(value).sort()).toEqual(["commit", "fleet", "notes", "objects", "problems"]);
    expect(value.objects[0]).toMatchObject({
      spec: { kind: "Server" },
      hash: expect.any(String),
      path: expect.any(String),
    });
  });

  it("status, before anything was applied", { timeout: TIMEOUT }, async () => {
    const { code, value } = await json("status");

    expect(code).toBe(0);
    expect(value).toEqual({
      commit: expect.stringMatching(/^[0-9a-f]{40}$/),
      stacks: [],
      servers: [],
      openApprovals: 0,
      openIntents: 0,
      runs: [],
    });
  });

  it("preview: 2, the effects and the hash that approves them", { timeout: TIMEOUT }, async () => {
    const { code, value } = await json("preview");

    expect(code).toBe(2);
    expect(Object.keys(value).sort()).toEqual(
      ["commit", "cost", "effects", "engineRuns", "hash", "notes", "price", "verdicts"].sort(),
    );
    expect(value.effects).toHaveLength(2);
    expect(value.effects[0]).toMatchObject({
      hash: expect.stringMatching(/^[0-9a-f]{32}$/),
      stack: "pve-lab.0",
      object: { kind: "Server", name: "lab-1", account: "pve-lab" },
      op: "create",
      changes: expect.arrayContaining([{ path: "region", after: "pve1" }]),
      replaceReasons: [],
      dataLoss: false,
      notes: [],
    });
  });

  it("preview says so when a file is not committed, and does not look at it", { timeout: TIMEOUT }, async () => {
    const edited = (stderr: string) => stderr.includes("not committed: only what is committed counts");
    const clean = await fleet.run(["preview", "--json"]);
    fleet.edit("servers/lab-1.yaml", (text) => text.replace("lab-1", "lab-9"));
    const dirty = await fleet.run(["preview", "--json"]);
    fleet.git("checkout", "-q", "--", "servers/lab-1.yaml");

    expect([edited(clean.stderr), edited(dirty.stderr)]).toEqual([false, true]);
    expect(JSON.parse(dirty.stdout).hash).toBe(JSON.parse(clean.stdout).hash);
  });

  it("apply: 3 when nobody has approved, and when something else was", { timeout: TIMEOUT }, async () => {
    const nobody = await json("apply");
    const other = await json("apply", "--approve", "0".repeat(32));

    expect(nobody).toMatchObject({ code: 3, value: { error: { code: "NOT_APPROVED" } } });
    expect(other).toMatchObject({ code: 3, value: { error: { code: "PREVIEW_STALE", message: expect.any(String) } } });
    expect(await clouds.servers()).toEqual([]);
  });

  it("apply --approve HASH: 0, and how each object ended", { timeout: TIMEOUT }, async () => {
    const { value: shown } = await json("preview");
    const { code, value } = await json("apply", "--approve", shown.hash);

    expect(code).toBe(0);
    expect(Object.keys(value).sort()).toEqual([
      "converged",
      "engineRuns",
      "failed",
      "outcomes",
      "preview",
      "provisioning",
    ]);
    expect(value).toMatchObject({ converged: 2, failed: 0, preview: { hash: shown.hash } });
    expect(value.outcomes.map(({ effectHash }: { effectHash: string }) => effectHash).sort()).toEqual(
      shown.effects.map(({ hash }: { hash: string }) => hash).sort(),
    );
    expect(value.outcomes[0]).toMatchObject({ name: expect.any(String), op: "create", state: "converged" });
  });

  it("preview and apply: 0 when there is nothing to do", { timeout: TIMEOUT }, async () => {
    const preview = await json("preview");
    const apply = await json("apply");

    expect(preview).toMatchObject({ code: 0, value: { effects: [], hash: "" } });
    expect(apply).toMatchObject({ code: 0, value: { outcomes: [], converged: 0, failed: 0 } });
  });

  it("status, with servers, stacks and the last runs", { timeout: TIMEOUT }, async () => {
    const { value } = await json("status");

    expect(value.stacks).toEqual([{ stack: "pve-lab.0", objects: 2, suspects: 0 }]);
    expect(value.servers[0]).toEqual({
      name: "lab-1",
      account: "pve-lab",
      stack: "pve-lab.0",
      power: "running",
      suspect: false,
      id: expect.stringMatching(/^pve1\/\d+$/),
    });
    expect(value.runs[0]).toMatchObject({ stack: "pve-lab.0", kind: "up", outcome: "succeeded" });
  });

  it("drift: 0 when all is as desired", { timeout: TIMEOUT }, async () => {
    const { code, value } = await json("drift");

    expect(code).toBe(0);
    expect(Object.keys(value).sort()).toEqual(["accounts", "causes", "commit", "drifted"]);
    expect(value.drifted).toBe(0);
  });

  it("drift: 2, field by field; --revert: 0", { timeout: TIMEOUT }, async () => {
    const { id } = await clouds.server("lab-1");
    await clouds.of("proxmox").change(id, { power: "stopped" });
    const found = await json("drift");
    const reverted = await json("drift", "--revert", "--yes");
    const after = await json("drift");

    expect(found).toMatchObject({ code: 2, value: { drifted: 1 } });
    const account = found.value.accounts.find(({ account }: { account: string }) => account === "pve-lab");
    expect(account).toMatchObject({ servers: 2, orphans: [], foreign: 0 });
    expect(account.drifted).toEqual([
      {
        object: "Server",
        name: "lab-1",
        account: "pve-lab",
        id,
        kind: "changed",
        fields: [{ path: "power", desired: "running", actual: "stopped" }],
      },
    ]);
    expect(reverted).toMatchObject({ code: 0, value: { drifted: 1, reverted: { converged: 1, failed: 0 } } });
    expect(after.code).toBe(0);
  });

  it("drift --accept: 0, and the commit that has the actual values", { timeout: TIMEOUT }, async () => {
    const { id } = await clouds.server("lab-2");
    await clouds.of("proxmox").change(id, { power: "stopped" });

    const { code, value } = await json("drift", "--accept");

    expect(code).toBe(0);
    expect(value.accepted).toEqual({ commit: fleet.git("rev-parse", "HEAD"), accepted: ["lab-2"], refused: [] });
    expect(fleet.read("servers/lab-2.yaml")).toContain("power: stopped");
  });

  it("preview: 3 when a guard refuses", { timeout: TIMEOUT }, async () => {
    fleet.edit("servers/lab-1.yaml", (text) => `${text}rebuild: 1\n`).commit("Rebuild it");

    const { code, value } = await json("preview");

    expect(code).toBe(3);
    expect(value.verdicts).toEqual([
      {
        guard: "replace",
        passed: false,
        message: expect.stringContaining("lab-1"),
        override: "--allow-replace lab-1",
        objects: ["lab-1"],
      },
    ]);
  });

  it("doctor: what was looked at, and whether it is well", { timeout: TIMEOUT }, async () => {
    const { code, value } = await json("doctor");

    expect(code).toBe(0);
    expect(value.ok).toBe(true);
    expect(value.checks).toContainEqual({ name: "engine", ok: true, message: expect.stringContaining("Pulumi 3.") });
  });

  it("is 1 with the code of the error where there is no fleet", { timeout: TIMEOUT }, async () => {
    const { code, value } = await json("preview", "--commit", "no-such-commit");

    expect(code).toBe(1);
    expect(value).toEqual({ error: { code: "NOT_FOUND", message: expect.any(String), at: expect.any(Object) } });
  });
});
