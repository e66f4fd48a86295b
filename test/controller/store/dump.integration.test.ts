import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { DumpColumn, DumpRow, DumpSource } from "../../../controller/store/dump.ts";
import { loadStore, openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { appliedServer, makeDataDir, removeDataDir } from "./support.ts";

const from = makeDataDir();
const to = makeDataDir();
let store: Store;

beforeAll(async () => {
  store = await openStore({ dataDir: from });
  await store.putAccount({ identity: "linode-main", name: "linode-main", cells: 3 });
  await store.putObjects([appliedServer("web-1", { cloudId: "7" }), appliedServer("web-2")]);
  await store.journal.begin({ account: "linode-main", kind: "Server", key: "fw-web-2" });
  await store.event({ kind: "note", data: { text: "ü \u0000 'quoted' \\ and {braces}" } });
  await store.acquireLease("linode-main.0", "somebody", 60_000);
  await store.startRun({
    id: "open",
    stack: "linode-main.0",
    kind: "up",
    controller: { pid: process.pid, startTime: "1", host: "here" },
    startedAt: "2026-01-01T00:00:00.000Z",
    objects: [],
    commit: "c",
  });
});

afterAll(async () => {
  await store?.close();
  await removeDataDir(from);
  await removeDataDir(to);
});

async function dumped(): Promise<DumpSource> {
  const tables = new Map<string, { columns: DumpColumn[]; rows: DumpRow[] }>();
  let migrations: string[] = [];
  await store.dump({
    migrations: async (names) => {
      migrations = names;
    },
    table: async (name, columns) => void tables.set(name, { columns, rows: [] }),
    rows: async (name, rows) => void tables.get(name)!.rows.push(...rows),
  });
  const sources = [...tables].map(([name, { columns, rows }]) => ({
    name,
    columns,
    async *rows() {
      if (rows.length > 0) yield rows;
    },
  }));
  return { migrations, tables: sources };
}

describe("a dump of the database", () => {
  it("is loaded into an empty one as it was, with all objects suspect, open runs over and no lease", async () => {
    const source = await dumped();
    await loadStore({ dataDir: to }, source);
    const other = await openStore({ dataDir: to });
    try {
      const objects = await store.objects();
      expect(await other.objects()).toEqual(objects.map((object) => ({ ...object, refresh: true })));
      expect(await other.accounts()).toEqual(await store.accounts());
      expect(await other.openIntents()).toEqual(await store.openIntents());
      expect(await other.events(0, 10)).toEqual(await store.events(0, 10));
      expect(await other.lease("linode-main.0")).toBeUndefined();
      expect(await other.openRuns()).toEqual([]);
      expect(await other.runs(1)).toMatchObject([{ id: "open", outcome: "killed" }]);
      expect(await other.event({ kind: "next", data: null })).toBe(2);
    } finally {
      await other.close();
    }

    await expect(loadStore({ dataDir: to }, source)).rejects.toThrow("not empty");
    await expect(loadStore({ dataDir: to }, { ...source, migrations: ["999-later"] })).rejects.toThrow("newer version");
  });
});
