import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openStore } from "../../../controller/store/open.ts";
import type { AppliedObject, Approval, RunRecord, Store } from "../../../controller/store/types.ts";
import type { StackObject } from "../../../resources/spec.ts";
import { appliedServer, makeDataDir, removeDataDir } from "./support.ts";

const dataDir = makeDataDir();
let store: Store;
/** Another process's view: its own connections to the same database. */
let other: Store;

beforeAll(async () => {
  store = await openStore({ dataDir });
  other = await openStore({ dataDir });
});
afterAll(async () => {
  await store?.close();
  await other?.close();
  await removeDataDir(dataDir);
});

describe("the journal", () => {
  const entry = { account: "linode-main", kind: "Server", key: "fw-one" };

  it("keeps an intent before the request leaves and tells a later attempt of it", async () => {
    expect(await store.journal.begin(entry)).toBeUndefined();
    const first = await other.intent(entry.account, entry.key);

    const earlier = await other.journal.begin(entry);

    expect(earlier).toEqual(first);
    expect(earlier).toMatchObject({ ...entry, startedAt: earlier?.attemptedAt });
    expect(earlier).not.toHaveProperty("id");
    const now = await store.intent(entry.account, entry.key);
    expect(now?.startedAt).toBe(earlier?.startedAt);
    expect(Date.parse(now!.attemptedAt)).toBeGreaterThanOrEqual(Date.parse(earlier!.attemptedAt));
  });

  it("tells exactly one of many that begin at once that there was nothing before", async () => {
    const racers = Array.from({ length: 20 }, (_, index) =>
      (index % 2 ? store : other).journal.begin({ ...entry, key: "fw-raced" }),
    );

    const answers = await Promise.all(racers);

    expect(answers.filter((answer) => answer === undefined)).toHaveLength(1);
  });

  it("lists what has no answer, by account, oldest first", async () => {
    await store.journal.begin({ ...entry, key: "fw-answered" });
    await store.journal.answered(entry.account, "fw-answered", "4711");
    await store.journal.begin({ ...entry, account: "proxmox", key: "fw-elsewhere" });

    expect((await store.openIntents(entry.account)).map(({ key }) => key)).toEqual(["fw-one", "fw-raced"]);
    expect((await store.openIntents()).map(({ key }) => key)).toContain("fw-elsewhere");
    expect(await store.journal.begin({ ...entry, key: "fw-answered" })).toMatchObject({ id: "4711" });
  });

  it("tells which of many keys it knows, of the account alone", async () => {
    const keys = ["fw-one", "fw-answered", "fw-elsewhere", "fw-never"];

    expect(await store.noted(entry.account, keys)).toEqual(new Set(["fw-one", "fw-answered"]));
    expect(await store.noted(entry.account, [])).toEqual(new Set());
  });

  it("forgets what the cloud refused, but never what it answered", async () => {
    await store.journal.begin({ ...entry, key: "fw-refused" });
    await store.journal.refused(entry.account, "fw-refused");
    await store.journal.refused(entry.account, "fw-answered");

    expect(await store.intent(entry.account, "fw-refused")).toBeUndefined();
    expect(await store.intent(entry.account, "fw-answered")).toMatchObject({ id: "4711" });

    const refusal = { code: "CLOUD_REFUSED", message: "no such size" } as const;
    await store.journal.explain?.(entry.account, "fw-refused", { ...refusal, message: "earlier" });
    await store.journal.explain?.(entry.account, "fw-refused", refusal);
    expect(await store.createRefusal(entry.account, "fw-refused")).toEqual(refusal);
    expect(await store.createRefusal("proxmox", "fw-refused")).toBeUndefined();
    await store.journal.begin({ ...entry, key: "fw-refused" });
    expect(await store.createRefusal(entry.account, "fw-refused")).toBeUndefined();
    await store.journal.refused(entry.account, "fw-refused");

    await store.dropIntent(entry.account, "fw-answered");
    expect(await store.intent(entry.account, "fw-answered")).toBeUndefined();
  });
});

describe("applied objects", () => {
  it("come back as they were put, with NUL characters and without absent fields", async () => {
    const known = appliedServer("web-1", { cloudId: "1", refresh: true });
    const unknown = appliedServer("web-2", { hash: "" });

    await store.putObjects([known, unknown]);

    expect(await other.object("linode-main", "Server", "web-1")).toEqual(known);
    expect(await other.object("linode-main", "Server", "web-2")).toStrictEqual(unknown);
    expect(await other.object("linode-main", "Firewall", "web-1")).toBeUndefined();
  });

  it("are told since when they are being made, and no longer once they are put without it", async () => {
    const since = "2026-01-01T00:00:00.000Z";
    const known = appliedServer("metal-1", { cloudId: "7/9", provisioningSince: since });
    await store.putObjects([known]);

    expect(await other.objects({ provisioning: true })).toEqual([known]);

    const { provisioningSince: _, ...ready } = known;
    await store.putObjects([ready]);
    expect(await other.objects({ provisioning: true })).toEqual([]);
    await store.removeObjects([known]);
  });

  it("are replaced by identity, so that two servers can swap their names", async () => {
    await store.putObjects([
      appliedServer("web-2", { identity: "web-1" }),
      appliedServer("web-1", { identity: "web-2", hash: "older" }),
      appliedServer("web-1", { identity: "web-2", hash: "newer" }),
    ]);

    expect(await store.object("linode-main", "Server", "web-2")).toMatchObject({ identity: "web-1" });
    expect(await store.object("linode-main", "Server", "web-1")).toMatchObject({ identity: "web-2", hash: "newer" });
    expect(await store.objects({ stack: "linode-main.0", kind: "Server" })).toHaveLength(2);
    expect(await store.objects({ account: "other" })).toEqual([]);
  });

  it("are removed by identity", async () => {
    await store.removeObjects([{ account: "linode-main", kind: "Server", identity: "web-1" }]);

    expect((await store.objects()).map(({ identity }) => identity)).toEqual(["web-2"]);
  });

  it("take the caller's own documents where they are what was applied, and read the others", async () => {
    const many = Array.from({ length: 10_000 }, (_, index) =>
      appliedServer(`n-${index}`, { account: "many", cloudId: `${index}` }),
    );
    await store.putObjects(many);
    const own = new Map(many.map(({ name, document }) => [name, structuredClone(document)]));
    own.set("n-77", { ...many[77]!.document, power: "stopped" } as StackObject);
    own.delete("n-78");
    await store.objectsBeside(({ name }) => own.get(name));

    const before = process.cpuUsage();
    const objects = await store.objectsBeside(({ name }) => own.get(name));
    const { user, system } = process.cpuUsage(before);

    expect(objects).toEqual(await store.objects());
    const isOwn = ({ name, document }: AppliedObject) => document === own.get(name);
    expect(objects.filter((object) => !isOwn(object)).map(({ name }) => name)).toEqual(["web-1", "n-77", "n-78"]);
    expect((user + system) / 1000).toBeLessThan(400);
  });

  it.each<[string, Partial<AppliedObject>]>([
    ["hash", { hash: "another" }],
    ["commit", { commit: "another" }],
    ["document", { document: { ...appliedServer("n-5").document, power: "stopped" } as StackObject }],
    ["suspicion", { refresh: true }],
  ])("have another version once another process has written another %s, and are read anew", async (_, change) => {
    const record = appliedServer("n-5", { account: "many", cloudId: "5" });
    await store.putObjects([record]);
    const read = async () => (await store.objectsBeside(() => undefined)).find(({ name }) => name === "n-5");
    const before = await store.objectsVersion();
    expect(await read()).toEqual(record);

    await other.putObjects([{ ...record, ...change }]);

    expect(await store.objectsVersion()).not.toBe(before);
    expect(await read()).toEqual({ ...record, ...change });
    await other.removeObjects([record]);
    expect(await read()).toBeUndefined();
    await store.putObjects([record]);
  });

  it("tell the stacks that they are in", async () => {
    await store.putObjects([appliedServer("n-6", { account: "many", stack: "many.7" })]);

    expect((await store.stacks()).sort()).toEqual(["linode-main.0", "many.7"]);
  });

  it("belong to accounts whose recorded cells stay until a reshard puts others", async () => {
    await store.putAccount({ identity: "linode-main", name: "linode-main", cells: 1 });
    await store.putAccount({ identity: "linode-main", name: "renamed", cells: 2 });
    const before = await other.accounts();
    await store.putCells("linode-main", 2);

    expect(before).toEqual([{ identity: "linode-main", name: "renamed", cells: 1 }]);
    expect(await other.accounts()).toEqual([{ identity: "linode-main", name: "renamed", cells: 2 }]);

    await store.removeAccount("linode-main");
    expect(await other.accounts()).toEqual([]);
  });
});

describe("runs", () => {
  const run: Omit<RunRecord, "heartbeatAt"> = {
    id: "run-1",
    stack: "linode-main.0",
    kind: "up",
    controller: { pid: 1, startTime: "123", host: "here" },
    startedAt: "2026-01-02T03:04:05.678Z",
    objects: [{ key: "Server/linode-main/web-1", op: "create", effectHash: "e1", mark: "fw-1" }],
    commit: "c",
  };

  it("are open until they finish, and the first outcome told stays", async () => {
    await store.startRun(run);
    expect(await other.openRuns()).toEqual([{ ...run, heartbeatAt: expect.any(String) }]);

    const [before] = await store.openRuns();
    await store.heartbeat(["run-1", "no such run"]);
    const [after] = await store.openRuns();
    expect(Date.parse(after!.heartbeatAt)).toBeGreaterThanOrEqual(Date.parse(before!.heartbeatAt));

    await store.finishRun("run-1", "succeeded");
    await other.finishRun("run-1", "killed");
    expect(await store.openRuns()).toEqual([]);
    expect(await store.runs(5)).toMatchObject([{ id: "run-1", outcome: "succeeded" }]);
  });

  it("are told latest first", async () => {
    await store.startRun({ ...run, id: "run-0", startedAt: "2025-01-01T00:00:00.000Z" });
    await store.startRun({ ...run, id: "run-2", startedAt: "2027-01-01T00:00:00.000Z" });

    expect((await store.runs(2)).map(({ id }) => id)).toEqual(["run-2", "run-1"]);
    await expect(store.startRun(run)).rejects.toMatchObject({ code: "STORE_FAILED" });
  });
});

describe("approvals", () => {
  const approval = {
    effectHash: "effect-1",
    approvedBy: "ann",
    approvedAt: "2026-01-02T03:04:05.678Z",
    commit: "c1",
    allowReplace: false,
  };

  it("are open until the effect has converged, and an equal effect later needs one of its own", async () => {
    await store.approve([approval, { ...approval, effectHash: "effect-2", allowReplace: true, allowRemovals: 4 }]);
    expect(await other.openApprovals()).toEqual(
      new Map<string, Approval>([
        ["effect-1", approval],
        ["effect-2", { ...approval, effectHash: "effect-2", allowReplace: true, allowRemovals: 4 }],
      ]),
    );
    await store.approve([{ ...approval, outsideWindow: true }]);
    expect((await other.openApprovals()).get("effect-1")).toEqual({ ...approval, outsideWindow: true });

    await store.closeApprovals(["effect-1"]);
    expect([...(await other.openApprovals()).keys()]).toEqual(["effect-2"]);

    await store.approve([{ ...approval, approvedBy: "bob" }]);
    expect((await other.openApprovals()).get("effect-1")).toMatchObject({ approvedBy: "bob" });
  });

  it("given twice count once, with the later words", async () => {
    await store.approve([
      { ...approval, effectHash: "effect-2", approvedBy: "cleo" },
      { ...approval, effectHash: "effect-2", approvedBy: "dan" },
    ]);

    expect((await store.openApprovals()).get("effect-2")).toEqual({
      ...approval,
      effectHash: "effect-2",
      approvedBy: "dan",
    });
  });
});

describe("events, catalogues and settings", () => {
  it("numbers events in the order in which they can be read", async () => {
    const written = Promise.all(
      Array.from({ length: 40 }, (_, index) => (index % 2 ? store : other).event({ kind: "tick", data: { index } })),
    );
    const seen: number[] = [];
    while (seen.length < 40) {
      // Going on from the last number seen must never pass over one that is committed later.
      const next = await store.events(seen.at(-1) ?? 0, 7);
      seen.push(...next.map(({ seq }) => seq));
    }

    expect([...(await written)].sort((a, b) => a - b)).toEqual(seen);
    await store.event({ run: "run-1", kind: "done", object: "Server/a/b", data: "x" });
    expect(await store.events(seen.at(-1)!, 10)).toEqual([
      { seq: expect.any(Number), at: expect.any(String), run: "run-1", kind: "done", object: "Server/a/b", data: "x" },
    ]);
  });

  it("keeps a part of a catalogue, with its age and whose it is", async () => {
    const catalog = {
      sizes: [],
      regions: [{ name: "a", title: "A", available: true }],
      images: [],
      readAt: "2026-01-01T00:00:00Z",
    };
    await store.cacheCatalog("linode-main", "sale", "f1", catalog);
    await store.cacheCatalog("linode-main", "marketplace", "f1", []);

    const cached = await other.cachedCatalog("linode-main", "sale");
    expect(cached).toMatchObject({ content: catalog, fingerprint: "f1" });
    expect(cached?.ageMs).toBeLessThan(60_000);
    expect(await other.cachedCatalog("linode-main", "marketplace")).toMatchObject({ content: [] });
    expect(await other.cachedCatalog("other", "sale")).toBeUndefined();
  });

  it("keeps what an effect was shown to cost, the latest showing", async () => {
    const quote = (monthlyMicro: number) => ({
      size: "s",
      region: "r",
      cost: { monthlyMicro, hourlyMicro: 7, currency: "USD" },
    });
    await store.putQuotes(
      new Map([
        ["q1", quote(1)],
        ["q2", quote(2)],
      ]),
    );
    await store.putQuotes(new Map([["q1", quote(3)]]));

    expect(await other.quotes(["q1", "q2", "q3"])).toEqual(
      new Map([
        ["q1", quote(3)],
        ["q2", quote(2)],
      ]),
    );
  });

  it("keeps the seed of a call until it is answered, or too old to be waited for", async () => {
    expect(await store.beginCall("call", "first", 60_000)).toBe("first");
    expect(await store.beginCall("call", "second", 60_000)).toBe("first");
    expect(await store.beginCall("call", "third", 0)).toBe("third");
    await store.endCall("call");
    expect(await store.beginCall("call", "fourth", 60_000)).toBe("fourth");
  });

  it("keeps settings", async () => {
    await store.putSetting("head", "c1");
    await store.putSetting("head", "c2");

    expect(await other.setting("head")).toBe("c2");
    expect(await other.setting("none")).toBeUndefined();
  });
});

describe("events that are told once", () => {
  const once = (key: string, data: unknown) => ({ once: key, kind: "warning", object: `Server//${key}`, data });

  it("are recorded by the first of many that tell them, all of one telling together", async () => {
    const racers = Array.from({ length: 20 }, (_, index) =>
      (index % 2 ? store : other).eventsOnce([once("a", index), once("b", index), once("b", "twice")]),
    );

    const answers = await Promise.all(racers);

    const told = (await other.events(0, 1000)).filter(({ kind }) => kind === "warning");
    expect(answers.filter(({ size }) => size > 0)).toEqual([new Set(["a", "b"])]);
    expect(told.map(({ object }) => object).sort()).toEqual(["Server//a", "Server//b"]);
    expect(await other.eventsOnce([once("b", 1), once("c", 2)])).toEqual(new Set(["c"]));
    expect(await store.eventsOnce([])).toEqual(new Set());
  });

  it("are not remembered as told when they could not be written", async () => {
    const unwritable = { once: "d", kind: "warning", data: "nul \u0000", object: "nul \u0000" };

    await expect(store.eventsOnce([unwritable])).rejects.toMatchObject({ code: "STORE_FAILED" });

    expect(await store.eventsOnce([once("d", 1)])).toEqual(new Set(["d"]));
  });
});
