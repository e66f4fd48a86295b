import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type OpenController, openController } from "../../controller/open.ts";
import type { AccountDrift } from "../../controller/reconcile/drift.ts";
import { type Execution, execute } from "../../controller/reconcile/execute.ts";
import { type Prepared, prepare } from "../../controller/reconcile/preview.ts";
import { standinPath } from "../../simulators/standins/index.ts";
import { Clouds } from "./clouds.ts";
import { accountFile, FIREWALL, Fleet, server } from "./fleet.ts";

/** Changes that are held by the files, and changes that go in waves. One controller in this process, and the command line where it decides. */
const TIMEOUT = 240_000;
const NAMES = ["web-1", "web-2", "web-3", "web-4", "web-5"];

interface DriftReport {
  accounts: AccountDrift[];
  reverted?: Execution;
}

let clouds: Clouds;
let fleet: Fleet;
let controller: OpenController;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "holding" });
  fleet.write({ "firewalls/web.yaml": FIREWALL });
  for (const name of NAMES)
    fleet.write({ [`servers/${name}.yaml`]: server("linode", name, { keys: [], firewalls: ["web"] }) });
  fleet.commit("Begin");
  controller = await openController({
    fleetDir: fleet.dir,
    dataDir: fleet.dataDir,
    standIns: standinPath(),
    environment: { ...process.env, ...fleet.environment },
  });
  await approve();
}, TIMEOUT);

afterAll(async () => {
  await controller?.close();
  await fleet?.close();
  await clouds?.close();
});

beforeEach(async () => {
  await clouds.clearFaults();
  await clouds.forgetCalls();
});

const signal = () => AbortSignal.timeout(TIMEOUT);

async function preview(): Promise<Prepared["preview"]> {
  return (await prepare(controller, { signal: signal() })).preview;
}

/** Approves what a preview shows, and executes it. */
async function approve(): Promise<Execution> {
  const prepared = await prepare(controller, { signal: signal() });
  const approved = { hashes: [prepared.preview.hash], by: "a test" };
  return await execute(controller, { preview: {}, prepared, approved, signal: signal() });
}

/** Executes what was approved before, and nothing else. */
async function goOn(): Promise<Execution> {
  return await execute(controller, { preview: {}, approved: { by: "a test" }, signal: signal() });
}

const tagged = async (tag: string) =>
  (await clouds.servers())
    .filter(({ tags }) => tags.includes(tag))
    .map(({ name }) => name)
    .sort();
const named = (effects: { object: { name: string } }[] = []) => effects.map(({ object }) => object.name).sort();

function label(value: string): void {
  for (const name of NAMES) fleet.edit(`servers/${name}.yaml`, (text) => text.replace(/env: \S+/, `env: ${value}`));
}

async function failOn(name: string): Promise<void> {
  const { id } = await clouds.server(name);
  await clouds.of("linode").fault({
    match: { method: "PUT", path: `^/v4/linode/instances/${id}$` },
    times: 20,
    action: { kind: "status", status: 400, body: { errors: [{ reason: "the floor is wet" }] } },
  });
}

describe("a change of several servers in waves", () => {
  it(
    "stops behind the wave in which one fails, touches nothing that is suspended, and goes on without another approval",
    async () => {
      fleet.write({ "fleet.yaml": { kind: "Fleet", id: "holding", rollout: { canary: 1, step: 2 } } });
      fleet.edit("servers/web-5.yaml", (text) => `${text}suspend: { reason: under repair }\n`);
      label("waves");
      fleet.commit("Another label, in waves");
      await failOn("web-3");

      const first = await approve();
      const between = await tagged("env:waves");
      await clouds.clearFaults();
      const second = await goOn();
      const settled = await preview();

      expect(named(first.preview.effects)).toEqual(NAMES.slice(0, 4));
      expect(first.preview.held).toMatchObject([
        {
          effect: { object: { name: "web-5" } },
          holds: [{ by: "suspend", what: "server web-5", reason: "under repair" }],
        },
      ]);
      expect(first).toMatchObject({ converged: 2, failed: 1 });
      expect(first.left?.map(({ name, why }) => [name, why])).toEqual([["web-4", "web-3 failed in wave 2 of 3"]]);
      expect(between).toEqual(["web-1", "web-2"]);
      expect(second).toMatchObject({ converged: 2, failed: 0 });
      expect(second).not.toHaveProperty("left");
      expect(await tagged("env:waves")).toEqual(NAMES.slice(0, 4));
      expect(settled).toMatchObject({ effects: [], hash: "", engineRuns: 0 });
      expect(named(settled.held?.map(({ effect }) => effect))).toEqual(["web-5"]);
    },
    TIMEOUT,
  );
});

describe("a suspended server", () => {
  it(
    "has its drift shown and not reverted, keeps its firewall and its machine when their files go, and is let go on by a commit",
    async () => {
      const { id } = await clouds.server("web-5");
      await clouds.of("linode").change(id, { power: "stopped" });
      const report = await fleet.json<DriftReport>(["drift", "--revert", "--yes"]);
      const text = fleet.read("servers/web-5.yaml");
      fleet.write({ "servers/web-5.yaml": null });
      fleet.commit("Remove it while it is suspended");
      const gone = await approve();
      fleet.write({ "servers/web-5.yaml": text, "firewalls/web.yaml": null });
      fleet.write({ "fleet.yaml": { kind: "Fleet", id: "holding" } });
      for (const name of NAMES)
        fleet.edit(`servers/${name}.yaml`, (before) => before.replace(/firewalls:\n {2}- web\n/, ""));
      fleet.commit("No firewall any more");
      const bare = await approve();
      const writes = await clouds.writes();
      const still = await clouds.server("web-5");
      fleet.edit("servers/web-5.yaml", (before) => before.replace(/suspend: .*\n/, ""));
      fleet.commit("Let it go on");
      const resumed = await approve();

      expect(report.accounts.flatMap(({ drifted }) => drifted)).toMatchObject([
        { name: "web-5", suspended: { what: "server web-5", reason: "under repair" } },
      ]);
      expect(report).toMatchObject({ code: 2, reverted: { converged: 0, preview: { effects: [] } } });
      expect(gone).toMatchObject({ converged: 0, engineRuns: 0 });
      expect(gone.preview.held).toMatchObject([{ effect: { op: "delete", object: { name: "web-5" } } }]);
      expect(bare).toMatchObject({ converged: 4 });
      expect(bare.preview.held?.map(({ effect, holds }) => [effect.op, effect.object.kind, holds[0]?.by])).toEqual([
        ["update", "Server", "suspend"],
        ["delete", "Firewall", "dependency"],
      ]);
      expect(
        writes.filter((write) => write.startsWith("DELETE") && /instances\/:\w+ |firewalls\/:\w+ /.test(write)),
      ).toEqual([]);
      expect(still).toMatchObject({ id, power: "stopped" });
      expect(resumed).toMatchObject({ converged: 2 });
      expect(await clouds.server("web-5")).toMatchObject({
        id,
        power: "running",
        tags: expect.arrayContaining(["env:waves"]),
      });
    },
    TIMEOUT,
  );
});

describe("an account that is frozen", () => {
  it(
    "is touched in an emergency only, and what an emergency has begun is finished",
    async () => {
      const account = accountFile(clouds, "linode", 2);
      const freeze = { until: "2999-01-01", reason: "the holidays" };
      fleet.write({ "accounts/linode-main.yaml": { ...account, freeze } });
      label("frozen");
      fleet.commit("Under a freeze");
      await failOn("web-2");

      const held = await approve();
      const writes = await clouds.writes();
      const emergency = await fleet.apply("--yes", "--outside-window");
      await clouds.clearFaults();
      const rest = await goOn();

      expect(held).toMatchObject({ converged: 0, engineRuns: 0 });
      expect(held.preview.held).toHaveLength(5);
      expect(held.preview.held?.[0]?.holds).toEqual([
        { by: "freeze", what: "account linode-main", reason: "the holidays", until: "2999-01-01T00:00:00.000Z" },
      ]);
      expect(writes).toEqual([]);
      expect(emergency).toMatchObject({ code: 1, converged: 4, failed: 1 });
      expect(rest).toMatchObject({ converged: 1, failed: 0 });
      expect(await tagged("env:frozen")).toEqual(NAMES);
    },
    TIMEOUT,
  );
});

describe("a window that closes", () => {
  it(
    "lets nothing begin that was shown before, and no further wave",
    async () => {
      const [open, closed] = [Date.parse("2026-11-25T11:59:50Z"), Date.parse("2026-11-25T12:00:10Z")];
      const windows = [{ from: "00:00", to: "12:00", timezone: "UTC" }];
      fleet.write({ "accounts/linode-main.yaml": { ...accountFile(clouds, "linode", 2), windows } });
      fleet.write({ "fleet.yaml": { kind: "Fleet", id: "holding", rollout: { step: 1 } } });
      for (const name of ["web-1", "web-2"])
        fleet.edit(`servers/${name}.yaml`, (text) => text.replace(/env: \S+/, "env: window"));
      fleet.commit("Only before noon");
      let at = open;
      const timed: OpenController = {
        ...controller,
        now: () => at,
        progress: (event) => {
          if (event.kind === "phase" && event.text.startsWith("wave 1 of 2")) at = closed;
        },
      };
      const prepared = await prepare(timed, { signal: signal() });
      const approved = { hashes: [prepared.preview.hash], by: "a test" };
      const run = async () => await execute(timed, { preview: {}, prepared, approved, signal: signal() });

      at = closed;
      const late = await run();
      const writes = await clouds.writes();
      at = open;
      const timely = await run();

      expect(named(late.preview.held?.map(({ effect }) => effect))).toEqual(["web-1", "web-2"]);
      expect(late).toMatchObject({ converged: 0, engineRuns: 0 });
      expect(writes).toEqual([]);
      expect(timely).toMatchObject({ converged: 1, failed: 0 });
      expect(timely.left?.map(({ name, why }) => `${name}: ${why}`)).toEqual([
        "web-2: account linode-main: outside its maintenance windows",
      ]);
      expect(await tagged("env:window")).toEqual(["web-1"]);
    },
    TIMEOUT,
  );
});
