import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createFleetCache, loadFleet } from "../../../controller/fleet/load.ts";
import { SnapshotFolder } from "../../../controller/fleet/snapshots.ts";
import { type FleetRepo, openRepo } from "../../../controller/repo/repo.ts";
import { BASE, catalog, clouds, server } from "./fleet.ts";

const author = { name: "Ada", email: "ada@example.net" };
const WRITER = join(import.meta.dirname, "snapshot-writer.ts");
let root: string;
let dir: string;
let repo: FleetRepo;
let told: string[];

beforeEach(async () => {
  root = mkdtempSync(join(tmpdir(), "fleet-snapshots-"));
  dir = join(root, "snapshots");
  told = [];
  mkdirSync(join(root, "fleet"));
  execFileSync("git", ["init", "-q", "-b", "main"], { cwd: join(root, "fleet") });
  repo = await openRepo(join(root, "fleet"));
  await commit({
    ...BASE,
    "user-data/a.sh": "one",
    "servers/a.yaml": server("a", { userData: "{file: user-data/a.sh}" }),
  });
});

afterEach(async () => {
  await repo.close();
  rmSync(root, { recursive: true, force: true });
});

const commit = (files: Record<string, string | null>) => repo.commit({ files, message: "Change", author });

type Given = Parameters<typeof loadFleet>[2];

/** Loads HEAD as a new process does. `from` is the commit of the snapshot that it began with. */
async function start(given: Given = { clouds }) {
  const snapshots = new SnapshotFolder(dir, (text) => told.push(text));
  const cache = createFleetCache({ snapshots });
  const files = vi.spyOn(repo, "files");
  const compiled = await loadFleet(repo, await repo.head(), given, cache);
  // A listing that nothing came before is a whole reading; none at all means that the snapshot was of this commit.
  const [call] = files.mock.calls;
  files.mockRestore();
  await snapshots.settled();
  expect(compiled).toEqual(await loadFleet(repo, await repo.head(), given));
  return { compiled, cache, from: call === undefined ? await repo.head() : call[1]?.commit };
}

const kept = () => readdirSync(dir).sort();

describe("a start", () => {
  it("reads the repository whole without a snapshot, and not at all with one of its commit", async () => {
    const head = await repo.head();

    expect((await start()).from).toBeUndefined();
    expect(kept()).toEqual([`${head}.snapshot`]);
    expect((await start()).from).toBe(head);
    expect(told).toEqual([]);
  });

  it("goes on from the newest snapshot before its commit, with new user data", async () => {
    const first = await repo.head();
    await start();
    await commit({ "servers/b.yaml": server("b", { firewalls: "[web]" }), "user-data/a.sh": "two" });

    const { compiled, from } = await start();

    expect(from).toBe(first);
    expect(compiled.servers.get("a")?.spec.createOnly.userData).toEqual({ text: "two" });
    expect([...compiled.shared.keys()]).toEqual(["main/Firewall/web"]);
  });

  it("tells faults at their places, and keeps no fleet that has one", async () => {
    await start();
    await commit({ "servers/b.yaml": `# b\n${server("b", { region: "[1]" })}`, "plans/small.yaml": null });

    const { compiled } = await start();

    expect(compiled.problems.map(({ file, line, column }) => `${file}:${line}:${column}`)).toEqual([
      "servers/a.yaml:4:7",
      "servers/b.yaml:6:9",
    ]);
    expect(kept()).toHaveLength(1);
  });

  it("does not go on from a commit that its own does not come from", async () => {
    const base = await repo.head();
    await commit({ "servers/b.yaml": server("b") });
    await start();
    execFileSync("git", ["reset", "-q", "--hard", base], { cwd: repo.dir });
    await commit({ "servers/c.yaml": server("c") });

    expect((await start()).from).toBeUndefined();
  });

  it.each([
    {
      name: "a cloud's schema",
      given: { clouds: { ...clouds, stratus: { ...clouds.stratus, schemas: { account: {}, server: {} } } } },
    },
    {
      name: "what a cloud can do",
      given: {
        clouds: {
          ...clouds,
          stratus: { ...clouds.stratus, capabilities: { ...clouds.stratus.capabilities, ipv6: true } },
        },
      },
    },
    {
      name: "how a cloud judges servers",
      given: { clouds: { ...clouds, stratus: { ...clouds.stratus, problems: () => [] } } },
    },
  ])("compiles anew when $name has changed", async ({ given }) => {
    await start();

    expect((await start(given)).from).toBeUndefined();
    expect((await start(given)).from).toBe(await repo.head());
  });

  it("compiles anew when a cloud sells something else, and not when it was only asked again", async () => {
    const given = (main: typeof catalog) => ({ clouds, catalogs: { main } });
    await start(given(catalog));
    const before = readFileSync(join(dir, kept()[0]!));

    await start(given({ ...catalog, readAt: "2026-02-02T00:00:00Z" }));
    expect(readFileSync(join(dir, kept()[0]!))).toEqual(before);

    const { compiled } = await start(given({ ...catalog, sizes: catalog.sizes.filter(({ name }) => name === "c2") }));
    expect(compiled.problems.map(({ message }) => message)).toEqual([
      'plan "small" is size "c1", which is not sold by Cumulus',
    ]);
  });
});

describe("a snapshot", () => {
  it.each([
    { name: "is empty", spoil: (bytes: Buffer) => bytes.subarray(0, 0) },
    { name: "ends too early", spoil: (bytes: Buffer) => bytes.subarray(0, bytes.length - 1) },
    { name: "has lost its body", spoil: (bytes: Buffer) => bytes.subarray(0, bytes.indexOf("\n") + 1) },
    {
      name: "is of another format",
      spoil: (bytes: Buffer) => Buffer.concat([Buffer.from("fleetwright-snapshot 9"), bytes.subarray(22)]),
    },
    {
      name: "has one bit changed",
      spoil: (bytes: Buffer) => {
        bytes[bytes.length - 9]! ^= 1;
        return bytes;
      },
    },
  ])("that $name is removed and told, and the fleet compiled anew", async ({ spoil }) => {
    await start();
    const path = join(dir, kept()[0]!);
    writeFileSync(path, spoil(readFileSync(path)));

    const { from } = await start();

    expect(from).toBeUndefined();
    expect(told).toEqual([expect.stringContaining("was damaged")]);
    expect((await start()).from).toBe(await repo.head());
  });

  it("under the name of another commit is not believed", async () => {
    await start();
    const first = join(dir, kept()[0]!);
    const head = await commit({ "servers/b.yaml": server("b") });
    writeFileSync(join(dir, `${head}.snapshot`), readFileSync(first));

    await start();

    expect(told).toEqual([expect.stringContaining(`${head}.snapshot was damaged`)]);
  });

  it("is for its owner alone, and only the newest three stay", async () => {
    for (const size of [1, 2, 3, 4, 5]) {
      const head = await commit({ "keys/ops.yaml": BASE["keys/ops.yaml"]!.replace("ops@", `ops${size}@`) });
      await start();
      // File systems tell times in steps that a test can outrun.
      utimesSync(join(dir, `${head}.snapshot`), size, size);
    }
    const part = join(dir, "x.part");
    writeFileSync(part, "");
    utimesSync(part, 1, 1);
    const head = await commit({ "keys/ops.yaml": BASE["keys/ops.yaml"]! });
    await start();

    expect(kept()).toHaveLength(3);
    expect(kept()).toContain(`${head}.snapshot`);
    expect(statSync(dir).mode & 0o777).toBe(0o700);
    expect(statSync(join(dir, `${head}.snapshot`)).mode & 0o777).toBe(0o600);
  });

  it("that cannot be written is told, and hinders nothing", async () => {
    writeFileSync(dir, "a file in the way");

    await start();

    expect(told).toEqual([expect.stringContaining("could not be kept")]);
  });

  it("is written by a process anew only when the fleet has come far from it", async () => {
    const many = Object.fromEntries(Array.from({ length: 60 }, (_, n) => [`servers/s${n}.yaml`, server(`s${n}`)]));
    await commit(many);
    const snapshots = new SnapshotFolder(dir, (text) => told.push(text));
    const cache = createFleetCache({ snapshots });
    const load = async (files: Record<string, string>) => {
      await loadFleet(repo, await commit(files), { clouds }, cache);
      await snapshots.settled();
      return kept().length;
    };

    expect(await load({ "servers/s0.yaml": server("s0", { backups: "true" }) })).toBe(1);
    expect(await load({ "servers/s0.yaml": server("s0", { backups: "false" }) })).toBe(1);
    expect(await load({ "servers/s1.yaml": server("s1", { backups: "true" }) })).toBe(2);
    expect(await load({ "plans/small.yaml": BASE["plans/small.yaml"]!.replace("0.1", "0.2") })).toBe(3);
  });
});

describe("writers", () => {
  const writer = (head: string) => {
    const child = spawn(process.execPath, [WRITER, repo.dir, head, dir], { stdio: ["ignore", "pipe", "inherit"] });
    return { child, ended: once(child, "exit") };
  };

  it("that are killed leave what there was, or something whole", async () => {
    await start();
    const first = await repo.head();
    const head = await commit({ "servers/b.yaml": server("b") });
    for (const waitMs of [0, 1, 3, 9]) {
      const { child, ended } = writer(head);
      await once(child.stdout, "data");
      await new Promise((done) => setTimeout(done, waitMs));
      child.kill("SIGKILL");
      await ended;

      expect([first, head]).toContain((await start()).from);
    }
    expect(told).toEqual([]);
  });

  it("of the same snapshot at once do not spoil it for each other or for readers", async () => {
    await start();
    const head = await commit({ "servers/b.yaml": server("b") });
    const writers = [writer(head), writer(head)];
    await Promise.all(writers.map(({ child }) => once(child.stdout, "data")));
    for (let reads = 0; reads < 5; reads++) expect((await start()).from).toBeDefined();
    for (const { child, ended } of writers) {
      child.kill("SIGKILL");
      await ended;
    }

    expect(told).toEqual([]);
    expect((await start()).from).toBe(head);
  });
});
