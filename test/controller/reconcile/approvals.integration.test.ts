import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { approvedOnly, closeSuperseded } from "../../../controller/reconcile/approvals.ts";
import type { Overrides } from "../../../controller/reconcile/guards.ts";
import { LEASE_MS, whenFree, withLeases } from "../../../controller/reconcile/leases.ts";
import type { Prepared } from "../../../controller/reconcile/preview.ts";
import { recoverStacks } from "../../../controller/reconcile/recover-stacks.ts";
import { settledWork } from "../../../controller/reconcile/settled.ts";
import type { Effect } from "../../../controller/reconcile/types.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { memoryController } from "./controller.ts";
import { appliedOf, serverSpec } from "./specs.ts";

const NONE: Overrides = { allowReplace: [] };
const { signal } = new AbortController();

let dataDir: string;
let store: Store;
let repo: string;
const commits: string[] = [];

beforeAll(async () => {
  dataDir = makeDataDir();
  store = await openStore({ dataDir });
  repo = mkdtempSync(join(tmpdir(), "fw-approvals-"));
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=a", "-c", "user.email=a@b.c", ...args], {
      cwd: repo,
      encoding: "utf8",
    }).trim();
  git("init", "-q", "-b", "main");
  for (const name of ["one", "two"]) {
    git("commit", "-q", "--allow-empty", "-m", name);
    commits.push(git("rev-parse", "HEAD"));
  }
  git("checkout", "-q", "-b", "side", commits[0]!);
  git("commit", "-q", "--allow-empty", "-m", "side");
  commits.push(git("rev-parse", "HEAD"));
}, 60_000);

afterAll(async () => {
  await store.close();
  await removeDataDir(dataDir);
  rmSync(repo, { recursive: true });
});

beforeEach(async () => await store.closeApprovals([...(await store.openApprovals()).keys()]));

function controller() {
  const made = memoryController(createMemoryCloud(), store);
  return { ...made, repo: { dir: repo } as typeof made.repo, now: Date.now };
}

function prepared(
  effects: Partial<Effect>[],
  approval: "auto" | "required" = "required",
  commit = commits[1]!,
): Prepared {
  const works = effects.map((over, index) => {
    const work = settledWork(appliedOf(serverSpec(`s-${index}`)));
    return { ...work, effect: { ...work.effect, ...over } };
  });
  const preview = { commit, hash: "whole", effects: works.map(({ effect }) => effect) };
  return { preview, works, desired: { fleet: { approval } } } as unknown as Prepared;
}

const open = async () => [...(await store.openApprovals()).keys()].sort();

describe("approvals", () => {
  it("never come from the policy for what loses data", async () => {
    const lossy = prepared([{ hash: "a" }, { hash: "b", op: "delete", dataLoss: true }], "auto");

    await expect(approvedOnly(controller(), lossy, { by: "ada" }, NONE)).rejects.toMatchObject({
      code: "NOT_APPROVED",
    });
    expect(await open()).toEqual([]);
  });

  it("mean the named hashes and nothing that the policy would add", async () => {
    const effects = prepared([{ hash: "a" }, { hash: "b" }], "auto");

    await expect(approvedOnly(controller(), effects, { hashes: ["a"], by: "ada" }, NONE)).rejects.toMatchObject({
      code: "PREVIEW_STALE",
    });
    await approvedOnly(controller(), effects, { hashes: ["a", "b"], by: "ada" }, NONE);
    expect(await open()).toEqual(["a", "b"]);
  });

  it("stand for what is left of them after a kill, under the old hash of the whole", async () => {
    await approvedOnly(controller(), prepared([{ hash: "a" }, { hash: "b" }]), { hashes: ["whole"], by: "ada" }, NONE);
    const left = prepared([{ hash: "b" }]);
    left.preview.hash = "another whole";

    await approvedOnly(controller(), left, { hashes: ["whole"], by: "ada" }, NONE);
    await approvedOnly(controller(), left, { by: "ada" }, NONE);

    expect(await open()).toEqual(["a", "b"]);
  });

  it("keep the overrides that they need, and no others", async () => {
    const effects = prepared([
      { hash: "a", op: "replace", dataLoss: true },
      { hash: "b", op: "delete", dataLoss: true },
      { hash: "c", op: "update" },
      { hash: "d", op: "replace", dataLoss: true },
    ]);

    await approvedOnly(
      controller(),
      effects,
      { hashes: ["whole"], by: "ada" },
      { allowReplace: ["s-0"], allowRemovals: 3 },
    );

    const kept = await store.openApprovals();
    expect(
      [...kept.values()].map(({ effectHash, allowReplace, allowRemovals }) => [
        effectHash,
        allowReplace,
        allowRemovals,
      ]),
    ).toEqual([
      ["a", true, 3],
      ["b", false, 3],
      ["c", false, undefined],
      ["d", false, 3],
    ]);
  });

  it("end when history has passed them, and not while their commit is still to come", async () => {
    const approval = (effectHash: string, commit: string) => ({
      effectHash,
      commit,
      approvedBy: "ada",
      approvedAt: "2026-01-01T00:00:00Z",
      allowReplace: false,
    });
    await store.approve([
      approval("passed", commits[0]!),
      approval("wanted", commits[0]!),
      approval("on a branch", commits[2]!),
    ]);

    await closeSuperseded(controller(), prepared([{ hash: "wanted" }]));

    expect(await open()).toEqual(["on a branch", "wanted"]);
  });
});

describe("leases", () => {
  it("keep two pieces of work of one process off one stack", async () => {
    const one = controller();

    const inside = await withLeases(
      one,
      ["a.0"],
      signal,
      async () => await whenFree(one, "a.0", signal, async () => "in"),
    );
    const after = await whenFree(one, "a.0", signal, async () => "in");

    expect(inside).toBeUndefined();
    expect(after).toBe("in");
  });

  it("are taken over from a process that is gone", async () => {
    const gone = { ...controller(), holder: `${(await import("node:os")).hostname()} process 4194304 started 1` };
    await store.acquireLease("b.0", `${gone.holder} work 7`, 30_000);

    expect(await whenFree(controller(), "b.0", signal, async () => "in")).toBe("in");
  });

  it("abort the work in time when they cannot be renewed, also by a database that hangs", async () => {
    let now = 0;
    const hanging = { ...store, renewLeases: () => new Promise<string[]>(() => undefined) };
    const slow = { ...controller(), store: hanging, steady: () => now };
    const { promise, resolve } = Promise.withResolvers<unknown>();

    await withLeases(slow, ["c.0"], signal, async (lost) => {
      lost.addEventListener("abort", () => resolve(lost.reason), { once: true });
      now = LEASE_MS / 2 + 1_000;
      expect(await promise).toMatchObject({ code: "LEASE_LOST" });
    });
  }, 20_000);
});

describe("recovery", () => {
  it("ends open runs on stacks that the caller holds, once, and makes their objects suspect", async () => {
    const record = appliedOf(serverSpec("web-1"), { stack: "d.0" });
    const other = appliedOf(serverSpec("web-2"), { stack: "d.0" });
    await store.putObjects([record, other]);
    await store.startRun({
      id: "4f6c2a52-0000-4000-8000-000000000001",
      stack: "d.0",
      kind: "up",
      controller: { pid: process.pid, startTime: "0", host: "elsewhere" },
      startedAt: "2026-01-01T00:00:00Z",
      objects: [{ key: "Server//web-1", op: "replace", effectHash: "h", mark: "fw-new" }],
      commit: commits[0]!,
    });
    const cancelled: string[] = [];
    const engine = {
      cancel: async (stack: string) => void cancelled.push(stack),
      stateProblem: async () => undefined,
      stateVersion: async () => undefined,
    };
    const made = { ...controller(), engine: async () => engine as never };

    const first = await withLeases(made, ["d.0"], signal, () => recoverStacks(made, ["d.0"]));
    const second = await withLeases(made, ["d.0"], signal, () => recoverStacks(made, ["d.0"]));

    expect([first.length, second.length]).toEqual([1, 0]);
    expect(cancelled).toEqual(["d.0"]);
    const suspects = (await store.objects({ stack: "d.0" })).filter(({ refresh }) => refresh);
    expect(suspects.map(({ name }) => name)).toEqual(["web-1"]);
  });
});
