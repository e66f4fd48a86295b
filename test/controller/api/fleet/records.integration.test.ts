import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { RecordsMemory } from "../../../../controller/api/fleet/records.ts";
import { openStore } from "../../../../controller/store/open.ts";
import type { PassRecord, Store } from "../../../../controller/store/types.ts";
import type { ActualServer } from "../../../../resources/actual.ts";
import { appliedServer, makeDataDir, removeDataDir } from "../../store/support.ts";

const dataDir = makeDataDir();
const account = "linode-main";
const AT = "2026-01-01T00:00:00.000Z";
let store: Store;
/** Another controller's. */
let other: Store;
let at = 0;
let memory: RecordsMemory;

beforeAll(async () => {
  store = await openStore({ dataDir });
  other = await openStore({ dataDir });
  memory = new RecordsMemory(store, () => at);
});
afterAll(async () => {
  await store?.close();
  await other?.close();
  await removeDataDir(dataDir);
});

const machine: ActualServer = {
  id: "7",
  name: "web-1",
  power: "running",
  status: "running",
  region: "eu-central",
  image: "debian-13",
  ipv4: ["192.0.2.7"],
  ipv6: [],
  tags: ["a tag"],
};

const passOf = (number: number): PassRecord => ({
  account,
  pass: { number, fingerprint: "f", listedAt: AT, readAt: AT },
  seen: [
    {
      id: "7",
      name: "web-1",
      class: "managed",
      region: "eu-central",
      state: "running",
      firstSeen: AT,
      lastSeen: AT,
      actual: machine,
    },
  ],
  gone: [],
  drift: {
    started: [
      {
        kind: "Server",
        identity: "web-1",
        name: "web-1",
        cloudId: "7",
        field: `field-${number}`,
        key: `field-${number}`,
        since: AT,
      },
    ],
    changed: [],
    ended: [],
  },
});

describe("records that all requests share", () => {
  it("are those of the store, without documents and what only clouds need", async () => {
    const { document: _, account: __, kind: ___, name: ____, ...record } = appliedServer("web-1", { cloudId: "7" });
    await store.putObjects([
      appliedServer("web-1", { cloudId: "7" }),
      appliedServer("web-1", { account: "a", identity: "moved" }),
    ]);
    await store.recordPass(passOf(1));

    const records = await memory.get();

    const own = records.server(account, "web-1")!;
    expect(own).toEqual({ ...record, account, name: "web-1" });
    expect(records.servers("web-1").map(({ account: where }) => where)).toEqual(["a", account]);
    expect(records.drift(own).map(({ field }) => field)).toEqual(["field-1"]);
    const { image, status, ipv4, ipv6 } = machine;
    expect(records.seen(own)).toMatchObject({ id: "7", state: "running", lastSeen: AT });
    expect(records.seen(own)!.actual).toEqual({ image, status, ipv4, ipv6 });
  });

  it("are the same ones while nothing is written, and read anew at once when this process has written", async () => {
    const before = await memory.get();
    expect(await memory.get()).toBe(before);
    at += 10_000;
    expect(await memory.get()).toBe(before);

    await store.putObjects([appliedServer("web-1", { cloudId: "7", hash: "newer" })]);
    expect((await memory.get()).server(account, "web-1")?.hash).toBe("newer");

    await store.recordPass(passOf(2));
    const own = (await memory.get()).server(account, "web-1")!;
    expect((await memory.get()).drift(own).map(({ field }) => field)).toEqual(["field-1", "field-2"]);

    await store.removeObjects([{ account, kind: "Server", identity: "web-1" }]);
    expect((await memory.get()).server(account, "web-1")).toBeUndefined();
  });

  it("have within five seconds what another process has written", async () => {
    await memory.get();
    await other.putObjects([appliedServer("web-2")]);
    await other.recordPass(passOf(3));

    at += 5_000;

    const records = await memory.get();
    expect(records.server(account, "web-2")).toBeDefined();
    expect(records.drift({ account, identity: "web-1" })).toHaveLength(3);
  });
});
