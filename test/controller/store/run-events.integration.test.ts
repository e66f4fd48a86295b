import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { makeDataDir, removeDataDir } from "./support.ts";

const dataDir = makeDataDir();
let store: Store;

beforeAll(async () => {
  store = await openStore({ dataDir });
});
afterAll(async () => {
  await store?.close();
  await removeDataDir(dataDir);
});

const begin = async (id: string) =>
  await store.startRun({
    id,
    stack: "linode-main.0",
    kind: "up",
    controller: { pid: 1, startTime: "1", host: "here" },
    startedAt: new Date().toISOString(),
    objects: [],
    commit: "c1",
  });

describe("runs and their events", () => {
  it("are found together, events in their order", async () => {
    await begin("one");
    await store.putEvents([
      { run: "one", kind: "started", object: "Server//web-1", data: { op: "create" } },
      { run: "two", kind: "started", data: null },
      { run: "one", kind: "outcome", object: "Server//web-1", data: { failed: false } },
    ]);

    expect(await store.run("one")).toMatchObject({ id: "one", commit: "c1" });
    expect((await store.runEvents("one", 10)).map(({ kind }) => kind)).toEqual(["started", "outcome"]);
    expect(await store.run("none")).toBeUndefined();
  });

  it("go when they are older than is asked for; a run that is under way stays", async () => {
    await begin("old");
    await store.finishRun("old", "succeeded");
    await store.jobs.executeSql("update fleetwright.run set finished_at = now() - interval '91 days' where id = 'old'");
    await store.jobs.executeSql("update fleetwright.event set at = now() - interval '91 days' where run = 'two'");

    await store.journal.explain?.("a", "fw-old", { code: "CLOUD_REFUSED", message: "no" });
    await store.journal.explain?.("a", "fw-new", { code: "CLOUD_REFUSED", message: "no" });
    await store.jobs.executeSql(
      "update fleetwright.create_refusal set at = now() - interval '91 days' where key = 'fw-old'",
    );

    expect(await store.prune(90)).toEqual({ runs: 1, events: 1, requests: 0 });
    expect((await store.runs(10)).map(({ id }) => id)).toEqual(["one"]);
    expect(await store.createRefusal("a", "fw-old")).toBeUndefined();
    expect(await store.createRefusal("a", "fw-new")).toBeDefined();
  });

  it("keep their settings apart by the beginning of their names", async () => {
    for (const [name, value] of Object.entries({ "a.1": "x", "a.2": "y", "ab.1": "z" }))
      await store.putSetting(name, value);

    expect([...(await store.settings("a."))]).toEqual([
      ["1", "x"],
      ["2", "y"],
    ]);
  });
});
