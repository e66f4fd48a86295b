import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { create, extract } from "tar";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stopEmbedded } from "../../controller/store/embedded.ts";
import { Clouds, isCreate } from "./clouds.ts";
import { ended, FIREWALL, Fleet, KEY, server, tokensOf } from "./fleet.ts";

/** Backup, the loss of everything but the clouds, and restore. Real engine, real database, simulated clouds. */
const TIMEOUT = 300_000;

let clouds: Clouds;
let fleet: Fleet;
let archive: string;
const others: Fleet[] = [];

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "held" });
  fleet.write({
    "keys/ops.yaml": KEY,
    "firewalls/web.yaml": FIREWALL,
    "servers/web-1.yaml": server("linode", "web-1", { firewalls: ["web"] }),
    "servers/pve-1.yaml": server("proxmox", "pve-1"),
  });
  fleet.commit("Begin");
  await fleet.converge();
  archive = join(fleet.root, "held.tar.gz");
}, TIMEOUT);

afterAll(async () => {
  for (const other of others) await other.close();
  await fleet?.close();
  await clouds?.close();
});

beforeEach(async () => await clouds.forgetCalls());

const machines = async () => (await clouds.servers()).map(({ name, id, mark }) => `${name} ${id} ${mark}`).sort();

/** Another machine: nothing there, and the credentials in its environment. */
function emptyMachine(): Fleet {
  const other = new Fleet(undefined, { environment: tokensOf(clouds) });
  rmSync(other.dir, { recursive: true });
  others.push(other);
  return other;
}

async function lose(lost: Fleet): Promise<void> {
  await stopEmbedded(lost.dataDir);
  rmSync(lost.dataDir, { recursive: true });
  rmSync(lost.dir, { recursive: true });
}

async function altered(file: string, change: (folder: string) => void): Promise<string> {
  const folder = `${file}.open`;
  mkdirSync(folder);
  await extract({ file, cwd: folder });
  change(folder);
  const other = `${file}.altered`;
  await create({ file: other, cwd: folder, gzip: true }, readdirSync(folder));
  rmSync(folder, { recursive: true });
  return other;
}

describe("a backup", () => {
  it(
    "taken while a run is under way is restored on an empty machine: nothing is bought again and the full preview is empty",
    async () => {
      fleet.write({ "servers/web-2.yaml": server("linode", "web-2") });
      fleet.commit("Add web-2");
      const applying = ended(fleet.start(["apply", "--yes"]));
      const made = await fleet.run(["backup", archive]);
      expect(await applying).toMatchObject({ code: 0 });
      const before = await machines();
      const salted = readdirSync(join(fleet.dataDir, "state/.pulumi/stacks/held")).length;
      await lose(fleet);
      const other = emptyMachine();
      await clouds.forgetCalls();

      const restored = await other.run(["restore", archive]);
      await other.converge();
      const preview = await other.preview();
      const full = await other.preview("--full");

      expect(made).toMatchObject({ code: 0 });
      expect(statSync(archive).mode & 0o777).toBe(0o600);
      expect(salted).toBeGreaterThan(0);
      expect(restored).toMatchObject({ code: 0 });
      expect((await clouds.writes()).filter(isCreate)).toEqual([]);
      expect(await machines()).toEqual(before);
      expect(preview.effects).toEqual([]);
      expect(full.effects).toEqual([]);
      expect(other.read("servers/web-2.yaml")).toContain("web-2");
      expect(readdirSync(other.root).sort()).toEqual(["data", "fleet"]);
    },
    TIMEOUT,
  );

  it(
    "of a fleet at rest is restored with an empty full preview and no write request at all",
    async () => {
      const now = others[0]!;
      const file = join(now.root, "rest.tar.gz");
      await now.run(["backup", file]);
      cpSync(file, archive);
      await lose(now);
      const other = emptyMachine();

      await other.run(["restore", archive]);
      const full = await other.preview("--full");
      const preview = await other.preview();

      expect(full).toMatchObject({ effects: [], notes: [] });
      expect(preview.effects).toEqual([]);
      expect(await clouds.writes()).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "is not put over what is there, and not when it is damaged: the target is as it was",
    async () => {
      const full = others[1]!;
      const id = full.git("rev-parse", "HEAD");
      const over = await full.json(["restore", archive]);
      const damaged = await altered(archive, (folder) => {
        const file = join(folder, "database/object.jsonl");
        writeFileSync(file, readFileSync(file, "utf8").replace("web-1", "web-7"));
      });
      const other = emptyMachine();
      const refused = await other.json(["restore", damaged]);
      writeFileSync(damaged, readFileSync(archive).subarray(0, 2000));
      const cut = await other.json(["restore", damaged]);

      expect(over).toMatchObject({ code: 1, error: { code: "USAGE" } });
      expect(over.error!.message).toContain("is not empty");
      expect(full.git("rev-parse", "HEAD")).toBe(id);
      expect(refused).toMatchObject({ code: 1, error: { code: "USAGE" } });
      expect(refused.error!.message).toContain("database/object.jsonl");
      expect(cut).toMatchObject({ code: 1, error: { code: "USAGE" } });
      expect(readdirSync(other.root)).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "without the key is restored with the key that was kept apart, and refused without it",
    async () => {
      const from = others[1]!;
      const file = join(from.root, "keyless.tar.gz");
      await from.run(["backup", "--without-key", file]);
      const key = readFileSync(join(from.dataDir, "state.key"), "utf8").trim();
      const kept = join(from.root, "kept.key");
      cpSync(join(from.dataDir, "state.key"), kept);
      const other = emptyMachine();

      const refused = await other.json(["restore", file]);
      const before = existsSync(other.dataDir);
      const done = await other.run(["restore", file, "--key", kept]);

      expect(refused.error!.message).toContain("--key");
      expect(before).toBe(false);
      expect(done.code).toBe(0);
      expect(readFileSync(join(other.dataDir, "state.key"), "utf8").trim()).toBe(key);
    },
    TIMEOUT,
  );
});

describe("no backup at all", () => {
  it(
    "but git, state and its key: all is rebuilt, and nothing is to do",
    async () => {
      const from = others[1]!;
      const other = emptyMachine();
      from.git("clone", "--quiet", from.dir, other.dir);
      mkdirSync(other.dataDir, { mode: 0o711 });
      for (const name of ["state", "state.key"])
        cpSync(join(from.dataDir, name), join(other.dataDir, name), { recursive: true });
      await lose(from);
      await clouds.forgetCalls();

      const full = await other.preview();

      expect(full.effects).toEqual([]);
      expect(await clouds.writes()).toEqual([]);
      expect(dirname(other.dataDir)).toBe(other.root);
    },
    TIMEOUT,
  );
});
