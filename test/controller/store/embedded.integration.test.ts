import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { isAlive, processStartTime } from "../../../controller/processes.ts";
import { stopEmbedded } from "../../../controller/store/embedded.ts";
import { isDown } from "../../../controller/store/errors.ts";
import { openStore } from "../../../controller/store/open.ts";
import { EmbeddedPool } from "../../../controller/store/pool.ts";
import { postmasterOf } from "../../../controller/store/postmaster.ts";
import { makeDataDir, removeDataDir } from "./support.ts";

const CLIENT = path.join(import.meta.dirname, "client.ts");
const asRoot = process.getuid?.() === 0;
const folders: string[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
  for (const folder of folders.splice(0)) await removeDataDir(folder);
});

function dataFolder(): string {
  const folder = makeDataDir();
  folders.push(folder);
  return folder;
}

function startClient(dataDir: string, key: string, hold = ""): ChildProcess {
  const child = spawn(process.execPath, [CLIENT, dataDir, key, hold], {
    stdio: ["ignore", "pipe", "inherit"],
    detached: true,
  });
  children.push(child);
  return child;
}

const serverOf = (dataDir: string) => postmasterOf(path.join(dataDir, "postgres"));

describe("the embedded database", () => {
  it("starts without a TCP port, in a folder that is closed to others, and ends with its last user", async () => {
    const dataDir = dataFolder();
    const first = await openStore({ dataDir });
    const second = await openStore({ dataDir });
    const server = serverOf(dataDir)!;

    expect(statSync(path.join(dataDir, "postgres")).mode & 0o777).toBe(0o700);
    expect(statSync(server.socketDir).mode & 0o777).toBe(0o700);
    expect(readFileSync(path.join(dataDir, "postgres/postmaster.pid"), "utf8").split("\n")[5]?.trim()).toBe("");

    await first.close();
    expect(serverOf(dataDir)?.pid).toBe(server.pid);
    expect(await second.setting("any")).toBeUndefined();

    await second.close();
    expect(serverOf(dataDir)).toBeUndefined();
  });

  it("is made once when several processes start at once", async () => {
    const dataDir = dataFolder();

    const clients = ["one", "two", "three"].map((key) => startClient(dataDir, key));
    const codes = await Promise.all(clients.map(async (client) => (await once(client, "exit"))[0]));

    expect(codes).toEqual([0, 0, 0]);
    const store = await openStore({ dataDir });
    expect((await store.openIntents()).map(({ key }) => key).sort()).toEqual(["one", "three", "two"]);
    await store.close();
  });

  it("outlives a killed starter, keeps what was begun, and is joined by the next", async () => {
    const dataDir = dataFolder();
    const client = startClient(dataDir, "fw-lost", "hold");
    await once(client.stdout!, "data");
    const server = serverOf(dataDir)!;

    process.kill(-client.pid!, "SIGKILL");
    await once(client, "exit");
    const store = await openStore({ dataDir });

    expect(serverOf(dataDir)?.pid).toBe(server.pid);
    expect(await store.journal.begin({ account: "a", kind: "Server", key: "fw-lost" })).toMatchObject({
      key: "fw-lost",
    });
    await store.close();
    expect(serverOf(dataDir)).toBeUndefined();
  });

  it("loses nothing when the server itself is killed, and starts again under the processes that use it", async () => {
    const dataDir = dataFolder();
    const store = await openStore({ dataDir });
    await store.journal.begin({ account: "a", kind: "Server", key: "fw-kept" });
    const { pid } = serverOf(dataDir)!;
    const startTime = processStartTime(pid)!;

    process.kill(pid, "SIGKILL");
    await expect.poll(() => isAlive(pid, startTime)).toBe(false);

    // What was under way may fail; what comes after finds a new server.
    await expect
      .poll(() => store.intent("a", "fw-kept").catch(() => undefined), { timeout: 20_000 })
      .toMatchObject({ key: "fw-kept" });
    expect(serverOf(dataDir)?.pid).not.toBe(pid);
    await store.close();
  });

  it("fails the query, never the process, when the server is killed under a connection that is lent out", async () => {
    const dataDir = dataFolder();
    const pool = new EmbeddedPool(dataDir, "fleetwright", false);
    const client = await pool.connect();
    const { pid } = serverOf(dataDir)!;
    const startTime = processStartTime(pid)!;

    process.kill(pid, "SIGKILL");
    await expect.poll(() => isAlive(pid, startTime)).toBe(false);

    await expect(client.query("select 1", [])).rejects.toSatisfy(isDown);
    client.release();
    const another = await pool.connect();
    expect((await another.query("select 1 as one", [])).rows).toEqual([{ one: 1 }]);
    another.release();
    await pool.end();
  });

  it("starts over a pid file that another program's process has inherited", async () => {
    const dataDir = dataFolder();
    await (await openStore({ dataDir })).close();
    const file = path.join(dataDir, "postgres/postmaster.pid");
    writeFileSync(
      file,
      [process.pid, path.join(dataDir, "postgres"), 1, 5432, path.join(dataDir, "run"), "", "", "ready"].join("\n"),
    );

    const store = await openStore({ dataDir });

    expect(serverOf(dataDir)?.pid).not.toBe(process.pid);
    await store.close();
    expect(existsSync(`${file}.stale-${process.pid}`)).toBe(false);
  });

  it("puts its socket in a short private folder when the data folder's path is too long for one", async () => {
    const dataDir = path.join(dataFolder(), "x".repeat(60), "y".repeat(60));
    folders.push(dataDir);
    mkdirSync(dataDir, { recursive: true });

    const store = await openStore({ dataDir });

    const { socketDir } = serverOf(dataDir)!;
    expect(socketDir.length).toBeLessThan(80);
    expect(statSync(socketDir).mode & 0o777).toBe(0o700);
    await store.close();
    expect(existsSync(socketDir)).toBe(false);
  });

  it("is stopped for good by stopEmbedded, also when nothing runs", async () => {
    const dataDir = dataFolder();
    const store = await openStore({ dataDir, keepRunning: true });
    await store.close();
    expect(serverOf(dataDir)).toBeDefined();

    await stopEmbedded(dataDir);
    await stopEmbedded(dataDir);

    expect(serverOf(dataDir)).toBeUndefined();
  });

  it.skipIf(!asRoot)(
    "says which folder is closed to the server's user, and two ways to mend it (as root)",
    async () => {
      const dataDir = dataFolder();
      const closed = path.dirname(dataDir);
      chmodSync(closed, 0o700);

      const opened = openStore({ dataDir });

      await expect(opened).rejects.toMatchObject({ code: "STORE_FAILED", at: { path: closed } });
      await expect(opened).rejects.toThrow(`chmod o+x ${closed}`);
      await expect(opened).rejects.toThrow("--data ");
      chmodSync(closed, 0o711);
      await (await openStore({ dataDir })).close();
    },
  );

  it.skipIf(!asRoot)("opens the folders it makes to the server's user, whatever the umask (as root)", async () => {
    const dataDir = path.join(dataFolder(), "made/below");
    folders.push(dataDir);
    const before = process.umask(0o077);

    try {
      await (await openStore({ dataDir })).close();
    } finally {
      process.umask(before);
    }

    expect(statSync(path.dirname(dataDir)).mode & 0o777).toBe(0o711);
    expect(statSync(dataDir).mode & 0o777).toBe(0o711);
  });

  it("is not started when a URL names another server", async () => {
    const [serving, unused] = [dataFolder(), dataFolder()];
    const embedded = await openStore({ dataDir: serving });
    const host = encodeURIComponent(serverOf(serving)!.socketDir);

    const store = await openStore({ dataDir: unused, databaseUrl: `postgres://fleetwright@/postgres?host=${host}` });

    await store.putSetting("seen", "yes");
    expect(await embedded.setting("seen")).toBe("yes");
    expect(existsSync(unused)).toBe(false);
    await store.close();
    await embedded.close();
  });

  it("tells that a server named by its URL is not there", async () => {
    const opened = openStore({ dataDir: dataFolder(), databaseUrl: "postgres://nobody@127.0.0.1:1/none" });

    await expect(opened).rejects.toMatchObject({ code: "STORE_FAILED" });
    await expect(opened).rejects.toThrow("ECONNREFUSED");
  });
});
