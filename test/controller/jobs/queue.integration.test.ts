import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { deadLetters, depths } from "../../../controller/jobs/letters.ts";
import { JobQueue, type LaneWork } from "../../../controller/jobs/queue.ts";
import type { Controller } from "../../../controller/reconcile/context.ts";
import { holderName } from "../../../controller/reconcile/leases.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { memoryController } from "../reconcile/controller.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";

const dataDir = makeDataDir();
let store: Store;
let controller: Controller;
let queue: JobQueue;
const problems: Error[] = [];

beforeAll(async () => {
  store = await openStore({ dataDir });
  controller = { ...memoryController(createMemoryCloud(), store), holder: holderName(process.pid), now: Date.now };
});
afterEach(async () => await queue.stop());
afterAll(async () => {
  await store?.close();
  await removeDataDir(dataDir);
});

const open = async (retryLimit = 1): Promise<JobQueue> =>
  await JobQueue.open(controller, {
    retryMs: 1000,
    retryLimit,
    keepDays: 1,
    onError: (error) => problems.push(error),
  });

const depth = async () => (await depths(store)).find(({ queue }) => queue === "reconcile");

describe("the job queue", () => {
  it("keeps one waiting job per lane, whatever it was sent for, and gives it to the next start", async () => {
    queue = await open();
    for (const why of ["commit", "approval", "commit"]) await queue.reconcile("waits", why);
    await queue.stop();
    queue = await open();

    expect(await depth()).toMatchObject({ waiting: 1, active: 0 });
    const seen: string[] = [];
    await queue.work("reconcile", async ({ lane }) => void seen.push(lane));
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(["waits"]);
  });

  it("lets what waits for a time come at once, when that time means nothing any more", async () => {
    queue = await open();
    await queue.reconcile("late", "a clock that was set back", 24 * 3600 * 1000);
    await queue.reconcile("late", "a commit");
    const before = await queue.due("reconcile", "late");
    await queue.sendAllNow();

    expect(before!.getTime()).toBeGreaterThan(Date.now() + 3600 * 1000);
    const seen: string[] = [];
    await queue.work("reconcile", async ({ lane }) => void seen.push(lane));
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(["late"]);
  });

  it("runs one job of a lane at a time, and one more for what came meanwhile; other lanes go on beside it", async () => {
    queue = await open();
    const running = new Set<string>();
    const seen: string[] = [];
    const gates = new Map<string, () => void>();
    const work: LaneWork = async ({ lane }) => {
      expect(running.has(lane)).toBe(false);
      running.add(lane);
      seen.push(lane);
      if (seen.filter((name) => name === lane).length === 1 && lane === "slow")
        await new Promise<void>((open) => gates.set(lane, open));
      running.delete(lane);
    };
    await queue.work("reconcile", work);

    await queue.reconcile("slow", "one");
    await expect.poll(() => running.has("slow"), { timeout: 10_000 }).toBe(true);
    for (const why of ["two", "three"]) await queue.reconcile("slow", why);
    await queue.reconcile("quick", "one");
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(["slow", "quick"]);
    gates.get("slow")!();

    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(["slow", "quick", "slow"]);
    await expect.poll(async () => await depth(), { timeout: 10_000 }).toMatchObject({ waiting: 0, active: 0 });
  });

  it("sends a job that fails back, then lays it aside as a dead letter until its lane comes through", async () => {
    queue = await open(1);
    const attempts: number[] = [];
    let isMended = false;
    await queue.work("reconcile", async ({ lane }, attempt) => {
      if (lane !== "poisoned") return;
      attempts.push(attempt);
      if (!isMended) throw new Error("the cloud is down");
    });

    await queue.reconcile("poisoned", "commit");
    await expect.poll(async () => await deadLetters(store), { timeout: 20_000 }).toHaveLength(1);

    expect(attempts).toEqual([1, 2]);
    expect(await deadLetters(store)).toMatchObject([
      { lane: "poisoned", queue: "reconcile", reason: "the cloud is down" },
    ]);
    expect(await depth()).toMatchObject({ dead: 1, retrying: 0 });
    isMended = true;
    await queue.reconcile("poisoned", "account answers");
    await expect.poll(async () => await deadLetters(store), { timeout: 10_000 }).toEqual([]);
  });

  it("gives back at once what a dead process had in hand, and leaves alone what a living one has", async () => {
    queue = await open();
    let finish = () => {};
    const seen: string[] = [];
    await queue.work("reconcile", async ({ lane }) => {
      seen.push(lane);
      if (lane === "living") await new Promise<void>((open) => (finish = open));
    });
    await queue.reconcile("living", "commit");
    await expect.poll(() => seen, { timeout: 10_000 }).toContain("living");
    // As a process leaves it that has fetched a job and died: its lease names a process that is not there.
    await store.jobs.executeSql(
      "insert into fleetwright_jobs.job (name, data, state, singleton_key, group_id, policy) values ('reconcile', $1, 'active', 'orphaned', 'orphaned', 'short')",
      [JSON.stringify({ lane: "orphaned", why: "commit" })],
    );
    await store.acquireLease("job reconcile orphaned", holderName(2 ** 22 + 1), 60_000);

    const taken = await queue.takeOver();

    expect(taken).toBe(1);
    await expect.poll(() => seen, { timeout: 10_000 }).toEqual(["living", "orphaned"]);
    finish();
  });
});
