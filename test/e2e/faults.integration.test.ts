import { mkdirSync } from "node:fs";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type OpenController, openController } from "../../controller/open.ts";
import { readDesired } from "../../controller/reconcile/desired.ts";
import { type AccountDrift, findFleetDrift } from "../../controller/reconcile/drift.ts";
import { type Execution, execute } from "../../controller/reconcile/execute.ts";
import { type Prepared, prepare } from "../../controller/reconcile/preview.ts";
import type { Fault } from "../../simulators/simulator.ts";
import { standinPath } from "../../simulators/standins/index.ts";
import { CLOUDS, type CloudName, Clouds, isCreate, isRemoval } from "./clouds.ts";
import { ACCOUNT, accountFile, FIREWALL, Fleet, KEY, server } from "./fleet.ts";

/**
 * Promise 4: whatever a cloud answers, or fails to, nothing is deleted, replaced or made twice because of it, and once the cloud is well again the
 * same approval is brought to its end. One controller in this process: what is tested is not the command line.
 */
const TIMEOUT = 180_000;

const ACTIONS: { name: string; action: Fault["action"] }[] = [
  ...[401, 403, 429, 500, 503].map((status) => ({ name: `answers ${status}`, action: refusal(status) })),
  { name: "is slow", action: { kind: "delay", ms: 700 } },
  { name: "drops the connection before it does anything", action: { kind: "dropBefore" } },
  { name: "drops the connection after it has done it", action: { kind: "dropAfter" } },
  { name: "does it late", action: { kind: "late", ms: 700 } },
  { name: "breaks off its answer", action: { kind: "truncate" } },
  { name: "leaves an item out of a list", action: { kind: "omit" } },
  { name: "answers nothing at all with 200", action: { kind: "empty" } },
];

const LIST: Record<CloudName, string> = {
  linode: "^/v4/linode/instances$",
  digitalocean: "^/v2/droplets$",
  proxmox: "^/api2/json/cluster/resources$",
};
const CREATE: Record<CloudName, string> = { ...LIST, proxmox: "/clone$" };
const MACHINE: Record<CloudName, string> = {
  linode: String.raw`^/v4/linode/instances/\d+$`,
  digitalocean: String.raw`^/v2/droplets/\d+$`,
  proxmox: String.raw`^/api2/json/nodes/\w+/qemu/\d+/`,
};

let clouds: Clouds;
let fleet: Fleet;
let controller: OpenController;
/** Ids by name of all machines that have ever been seen: none may go, none may change. */
const known = new Map<string, string>();
let round = 0;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "faults" });
  // One process that asks this much in a minute would wait for its own budgets.
  const scopes = {
    linode: ["list", "create", "images", "other"],
    digitalocean: ["hour", "minute", "keys"],
    proxmox: [],
  };
  for (const cloud of CLOUDS) {
    const budgets = Object.fromEntries(scopes[cloud].map((scope) => [scope, { perSecond: 1_000, burst: 1_000 }]));
    fleet.write({ [`accounts/${ACCOUNT[cloud]}.yaml`]: { ...accountFile(clouds, cloud, 2), budgets } });
  }
  fleet.write({ "keys/ops.yaml": KEY, "firewalls/web.yaml": FIREWALL });
  for (const cloud of CLOUDS) {
    for (const number of [1, 2])
      fleet.write({ [`servers/${cloud}-${number}.yaml`]: file(cloud, `${cloud}-${number}`, "begin") });
  }
  fleet.commit("Begin");
  mkdirSync(fleet.dataDir, { mode: 0o711 });
  controller = await openController({
    fleetDir: fleet.dir,
    dataDir: fleet.dataDir,
    environment: { ...process.env, ...fleet.environment },
    standIns: standinPath(),
  });
  expect(await approve()).toMatchObject({ failed: 0 });
  await remember();
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

afterEach(async () => await clouds.clearFaults());

describe.each(ACTIONS)("a cloud that $name", ({ action }) => {
  it(
    "is no reason to call a server gone or to bring anything back",
    async () => {
      for (const cloud of CLOUDS) {
        await clouds.of(cloud).fault({ match: { method: "GET", path: LIST[cloud] }, action });
        await clouds.of(cloud).fault({ match: { method: "GET", path: MACHINE[cloud] }, action });
      }

      const drift = await findDrift();
      const reverting = await settled(() => preview({ revert: new Set(known.keys()), engine: false }));

      expect(drift.flatMap(({ drifted }) => drifted)).toEqual([]);
      if (!(reverting instanceof Error)) expect(reverting.preview.effects).toEqual([]);
      expect(await clouds.writes()).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "neither loses nor doubles a machine during an apply, which ends by itself once the cloud is well",
    async () => {
      await change();
      const shown = await preview();
      for (const cloud of CLOUDS) {
        // Lists are only asked for what was lost.
        if (action.kind === "omit")
          await clouds
            .of(cloud)
            .fault({ match: { method: "POST", path: CREATE[cloud] }, action: { kind: "dropAfter" } });
        for (const method of ["GET", "POST", "PUT", "DELETE"]) {
          const skip = method === "GET" ? round % 4 : 0;
          await clouds.of(cloud).fault({ match: { method }, skip, times: 2, action });
        }
      }

      const faulty = await settled(() => approve(shown));
      expect(await faultsActed(), "every cloud had its faults during the apply").toBeGreaterThan(0);
      await expectNothingLost();
      await clouds.clearFaults();
      const clean = faulty instanceof Error ? await approve() : await goOn();

      expect(clean.failed, JSON.stringify(clean.outcomes)).toBe(0);
      await expectNothingLost();
      await expectConverged();
      await remember();
    },
    TIMEOUT,
  );
});

describe("a 404 that is not true", () => {
  it.each([0, 1, 2, 3])(
    "on request %i of a suspect machine makes no second one",
    async (skip) => {
      // A failed update leaves its servers suspect: the next run reads them from the cloud first.
      await change();
      for (const cloud of CLOUDS) {
        for (const method of ["PUT", "DELETE"])
          await clouds.of(cloud).fault({ match: { method }, times: 9, action: refusal(400) });
        await clouds
          .of(cloud)
          .fault({ match: { method: "POST", path: "/(config|actions|resize|tags)" }, times: 9, action: refusal(400) });
      }
      await settled(() => approve());
      await clouds.clearFaults();
      for (const cloud of CLOUDS) {
        await clouds.of(cloud).fault({ match: { method: "GET", path: MACHINE[cloud] }, skip, action: refusal(404) });
      }

      const faulty = await settled(goOn);
      await expectNothingLost();
      await clouds.clearFaults();
      const clean = faulty instanceof Error || faulty.failed > 0 ? await goOn() : faulty;

      expect(clean.failed, JSON.stringify(clean.outcomes)).toBe(0);
      await expectNothingLost();
      await expectConverged();
      await remember();
    },
    TIMEOUT,
  );
});

function refusal(status: number): Fault["action"] {
  return { kind: "status", status, ...(status === 429 ? { headers: { "retry-after": "1" } } : {}) };
}

function file(cloud: CloudName, name: string, env: string): object {
  return server(cloud, name, { labels: { env }, ...(cloud === "proxmox" ? {} : { firewalls: ["web"] }) });
}

/** One changed and one new server on each cloud. */
async function change(): Promise<void> {
  round += 1;
  for (const cloud of CLOUDS) {
    fleet.write({
      [`servers/${cloud}-1.yaml`]: file(cloud, `${cloud}-1`, `round-${round}`),
      [`servers/new/${cloud}-new-${round}.yaml`]: file(cloud, `${cloud}-new-${round}`, "new"),
    });
  }
  fleet.commit(`Round ${round}`);
  await clouds.forgetCalls();
}

const signal = () => AbortSignal.timeout(TIMEOUT);

async function findDrift(): Promise<AccountDrift[]> {
  const desired = await readDesired(controller, await controller.repo.head(), signal());
  return await findFleetDrift(controller, desired, signal());
}

async function preview(options: { revert?: ReadonlySet<string>; engine?: boolean } = {}): Promise<Prepared> {
  return await prepare(controller, { ...options, signal: signal() });
}

/** Approves what a preview shows, and executes it. */
async function approve(shown?: Prepared): Promise<Execution> {
  const prepared = shown ?? (await preview());
  const approved = { hashes: [prepared.preview.hash], by: "a test" };
  return await execute(controller, { preview: {}, prepared, approved, signal: signal() });
}

/** Executes what was approved before, and nothing else. */
async function goOn(): Promise<Execution> {
  return await execute(controller, { preview: {}, approved: { by: "a test" }, signal: signal() });
}

/** A fault may be an error: what matters is what it has done. */
async function settled<T>(work: () => Promise<T>): Promise<T | Error> {
  return await work().catch((error: unknown) => error as Error);
}

/** How many requests have met a fault, on the cloud where the fewest have. */
async function faultsActed(): Promise<number> {
  const states = await Promise.all(CLOUDS.map((cloud) => clouds.of(cloud).faults()));
  return Math.min(...states.map((list) => list.reduce((sum, { acted }) => sum + acted, 0)));
}

async function expectNothingLost(): Promise<void> {
  const machines = await clouds.servers();
  const names = machines.map(({ name }) => name).sort();
  const ids = new Map(machines.map(({ name, id }) => [name, id]));
  const writes = await clouds.writes();
  expect(names, "no machine is there twice").toEqual([...new Set(names)].sort());
  for (const [name, id] of known) expect(ids.get(name), `${name} is still the machine it was`).toBe(id);
  expect(writes.filter(isRemoval)).toEqual([]);
  expect(writes.filter((call) => isCreate(call) && / 20\d$/.test(call)).length).toBeLessThanOrEqual(CLOUDS.length);
}

async function expectConverged(): Promise<void> {
  const machines = await clouds.servers();
  for (const cloud of CLOUDS) {
    const changed = machines.find(({ name }) => name === `${cloud}-1`)!;
    const made = machines.find(({ name }) => name === `${cloud}-new-${round}`);
    expect(changed.tags.join(" ")).toContain(`round-${round}`);
    expect(made).toMatchObject({ power: "running", mark: expect.stringMatching(/^fw-/) });
  }
  expect((await preview()).preview.effects).toEqual([]);
  expect((await findDrift()).flatMap(({ drifted, error }) => [...drifted, ...(error ? [error] : [])])).toEqual([]);
}

async function remember(): Promise<void> {
  for (const { name, id } of await clouds.servers()) known.set(name, id);
}
