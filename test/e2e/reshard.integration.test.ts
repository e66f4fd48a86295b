import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type OpenController, openController } from "../../controller/open.ts";
import { serverStack } from "../../controller/reconcile/cells.ts";
import { previewFull } from "../../controller/reconcile/full.ts";
import { prepare } from "../../controller/reconcile/preview.ts";
import { recover } from "../../controller/reconcile/recover.ts";
import { type Resharded, reshard } from "../../controller/reconcile/reshard.ts";
import { openReshards, refuseOpenReshard } from "../../controller/reconcile/reshard-open.ts";
import { stopEmbedded } from "../../controller/store/embedded.ts";
import { standinPath } from "../../simulators/standins/index.ts";
import { Clouds } from "./clouds.ts";
import { ended, FIREWALL, Fleet, KEY, server } from "./fleet.ts";

/** States move between stacks and no machine does, whenever that is killed (-9). Real engine, simulated clouds. */
const TIMEOUT = 600_000;
const LINODES = ["web-1", "web-2", "web-3", "web-4", "web-5", "web-6", "web-7"];
const VMS = ["vm-1", "vm-2", "vm-3", "vm-4", "vm-5"];
const CELLS = ["linode-main.0", "linode-main.1", "linode-main.2"];
const SECRET = "hunter2-is-a-secret";
const { signal } = new AbortController();

let clouds: Clouds;
let fleet: Fleet;
let controller: OpenController;
let machines: string[];

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "reshard" });
  fleet.environment.TMPDIR = join(fleet.root, "tmp");
  mkdirSync(fleet.environment.TMPDIR);
  fleet.write({ "keys/ops.yaml": KEY, "firewalls/web.yaml": FIREWALL });
  const userData = { text: `#cloud-config\npassword: ${SECRET}\n` };
  for (const name of LINODES)
    fleet.write({ [`servers/${name}.yaml`]: server("linode", name, { firewalls: ["web"], userData }) });
  for (const name of VMS) fleet.write({ [`servers/${name}.yaml`]: server("proxmox", name) });
  fleet.commit("Twelve servers");
  await fleet.converge();
  machines = await standing();
  controller = await open();
}, TIMEOUT);

afterAll(async () => {
  await controller?.close();
  await fleet?.close();
  await clouds?.close();
});

beforeEach(async () => await clouds.forgetCalls());

const open = async () =>
  await openController({
    fleetDir: fleet.dir,
    dataDir: fleet.dataDir,
    environment: { ...process.env, ...fleet.environment },
    standIns: standinPath(),
  });
const standing = async () => (await clouds.servers()).map(({ name, id, mark }) => `${name} ${id} ${mark}`).sort();
const stateOf = (stack: string) =>
  readFileSync(join(fleet.dataDir, `state/.pulumi/stacks/reshard/${stack}.json`), "utf8");
const cellsOf = async (name: string) =>
  (await controller.store.accounts()).find((account) => account.name === name)?.cells;

/** Runs a reshard until it kills itself before the step that says this. */
async function killedAt(account: string, cells: number, pattern: RegExp): Promise<void> {
  const main = join(import.meta.dirname, "reshard-main.ts");
  const args = [main, fleet.dir, fleet.dataDir, account, String(cells), pattern.source];
  const child = spawn(process.execPath, args, { env: { ...process.env, ...fleet.environment } });
  const { code, stderr } = await ended(child);
  if (code !== undefined) throw new Error(`the reshard was not killed at ${pattern}: it ended with ${code}\n${stderr}`);
}

/** Which stacks know a server, by its name: machines, attachments and Powers. */
async function stacksByServer(account: string): Promise<Map<string, string[]>> {
  const engine = await controller.engine();
  const found = new Map<string, string[]>();
  for (const stack of (await engine.stacks()).filter((name) => name.startsWith(`${account}.`)).sort())
    for (const urn of await engine.urns(stack)) {
      const name = /::(?:power\.)?((?:web|vm)-\w+)/.exec(urn)?.[1];
      if (name !== undefined) found.set(name, [...new Set([...(found.get(name) ?? []), stack])]);
    }
  return found;
}

async function expectMoved(account: string, cells: number, names: string[]): Promise<void> {
  const engine = await controller.engine();
  const stacks = Array.from({ length: cells }, (_, cell) => `${account}.${cell}`);
  const full = await previewFull(controller, { stacks, signal });
  const records = await controller.store.objects({ kind: "Server" });
  const inStacks = await stacksByServer(account);

  expect(await cellsOf(account)).toBe(cells);
  expect(await openReshards(controller.store)).toEqual(new Map());
  expect(full.effects).toEqual([]);
  expect(full.notes.filter((note) => !/not applied yet/.test(note))).toEqual([]);
  for (const name of names) {
    const stack = serverStack(account, name, cells);
    expect(inStacks.get(name)).toEqual([stack]);
    expect(records.find((record) => record.name === name)?.stack).toBe(stack);
  }
  const isCell = (name: string) => name.startsWith(`${account}.`) && !name.endsWith(".base");
  expect((await engine.stacks()).filter(isCell).sort()).toEqual(stacks);
  expect(await clouds.writes()).toEqual([]);
  expect(await standing()).toEqual(machines);
}

describe("a reshard", () => {
  it(
    "is held and empty at each step that it is killed at, and repeating it completes it",
    async () => {
      fleet.edit("servers/web-1.yaml", (text) => text.replace("env: test", "env: prod"));
      fleet.commit("A change that nobody has applied");
      const ask = { account: "linode-main", cells: 3, author: { name: "Ada", email: "ada@example.org" }, signal };
      const planned = await reshard(controller, { ...ask, dryRun: true });
      const steps = [/main\.1: takes/, /main\.1: is recorded/, /main\.0: gives up/, /records 3 cells/];
      for (const step of steps) {
        await killedAt("linode-main", 3, step);
        const { preview } = await prepare(controller, { signal });
        const full = await previewFull(controller, { stacks: CELLS, signal });

        expect((await openReshards(controller.store)).has("linode-main")).toBe(true);
        expect(preview.effects).toEqual([]);
        expect(preview.held?.map(({ effect, holds }) => `${effect.object.name} ${holds[0]!.reason}`)).toEqual([
          expect.stringMatching(/^web-1 .*`fleetwright reshard linode-main` goes on with it/),
        ]);
        expect(full.effects).toEqual([]);
        expect(full.notes).toContainEqual(expect.stringContaining("its servers are not compared"));
        await expect(refuseOpenReshard(controller.store, "linode-main.1")).rejects.toMatchObject({
          code: "STACK_BUSY",
        });
      }
      const done = await fleet.json<Resharded>(["reshard", "linode-main", "--cells", "3"]);
      const { preview } = await prepare(controller, { signal });

      expect(done.error).toBeUndefined();
      expect(done).toMatchObject({ code: 0, account: "linode-main", cells: 3, removed: [] });
      expect(planned.moves.length).toBeGreaterThan(2);
      expect(planned).toMatchObject({ before: 1, cells: 3, removed: [] });
      expect(fleet.git("log", "-1", "--format=%an: %s")).toBe("Ada Operator: Spread linode-main over 3 stacks");
      expect(fleet.read("accounts/linode-main.yaml")).toContain("cells: 3");
      expect(preview.effects.map(({ op, object }) => `${op} ${object.name}`)).toEqual(["update web-1"]);
      await expectMoved("linode-main", 3, LINODES);
    },
    TIMEOUT,
  );

  it(
    "encrypts secrets for their new stack, and leaves them in no file",
    async () => {
      const engine = await controller.engine();
      const encoded = Buffer.from(`#cloud-config\npassword: ${SECRET}\n`).toString("base64");
      for (const stack of CELLS) {
        const { deployment } = await engine.exportState(stack);
        const own = deployment.resources.filter(({ type }: { type: string }) => type.endsWith(":Instance"));
        expect(own.length).toBeGreaterThan(0);
        for (const { inputs } of own) expect(JSON.stringify(inputs.metadatas)).toContain(encoded);
        expect(stateOf(stack)).not.toContain(encoded);
      }
      const grep = (dir: string) => execFileSync("sh", ["-c", `grep -rlE "${encoded}|${SECRET}" "$0" || true`, dir]);
      expect(grep(fleet.environment.TMPDIR!).toString()).toBe("");
      expect(readdirSync(fleet.environment.TMPDIR!).filter((name) => name.startsWith("automation-"))).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "leaves stacks in which changes are applied, and a drift pass that finds nothing",
    async () => {
      const spread = await fleet.json<Resharded>(["reshard", "pve-lab", "--cells", "2"]);
      expect(spread).toMatchObject({ code: 0, before: 1, cells: 2 });
      await expectMoved("pve-lab", 2, VMS);
      fleet.edit("servers/vm-3.yaml", (text) => text.replace("env: test", "env: prod"));
      fleet.write({ "servers/web-8.yaml": server("linode", "web-8", { firewalls: ["web"] }) });
      fleet.commit("Change one, add one");

      const done = await fleet.converge();
      const drift = await fleet.run(["drift"]);

      expect(done.outcomes.map(({ name, op }) => `${op} ${name}`).sort()).toEqual([
        "create web-8",
        "update vm-3",
        "update web-1",
      ]);
      expect(drift.code).toBe(0);
      machines = await standing();
      expect(machines).toHaveLength(13);
      await clouds.forgetCalls();
      await expectMoved("linode-main", 3, [...LINODES, "web-8"]);
    },
    TIMEOUT,
  );

  it(
    "to fewer cells removes the stacks that are empty, and is completed by whatever recovers",
    async () => {
      for (const step of [/: gives up/, /main\.2: is empty/]) await killedAt("linode-main", 2, step);

      await recover(controller, signal);

      await expectMoved("linode-main", 2, [...LINODES, "web-8"]);
      const settings = await controller.store.settings("");
      expect([...settings.keys()].filter((name) => name.endsWith("linode-main.2"))).toEqual([]);
      expect(existsSync(join(fleet.dataDir, "state/.pulumi/stacks/reshard/linode-main.2.json.bak"))).toBe(false);
    },
    TIMEOUT,
  );

  it(
    "that was cut off is completed after the database was lost with it, and so is one that was done",
    async () => {
      await killedAt("linode-main", 3, /main\.0: gives up/);
      const doubled = [...(await stacksByServer("linode-main")).values()].filter((stacks) => stacks.length > 1);
      await controller.close();
      await stopEmbedded(fleet.dataDir);
      rmSync(join(fleet.dataDir, "postgres"), { recursive: true });

      const done = await fleet.apply("--yes");
      controller = await open();

      expect(doubled.length).toBeGreaterThan(0);
      expect(done).toMatchObject({ code: 0, outcomes: [] });
      expect(done.stderr).toContain("taken over from state");
      await expectMoved("linode-main", 3, [...LINODES, "web-8"]);
      await expectMoved("pve-lab", 2, VMS);
    },
    TIMEOUT,
  );
});
