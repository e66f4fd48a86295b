import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Accepted } from "../../controller/reconcile/accept.ts";
import type { AccountDrift } from "../../controller/reconcile/drift.ts";
import type { Execution } from "../../controller/reconcile/execute.ts";
import { Clouds, isCreate, isRemoval } from "./clouds.ts";
import { FIREWALL, Fleet, KEY, server } from "./fleet.ts";

/** What somebody changes by hand at the clouds: seen field by field, brought back, or written into the files. */
const TIMEOUT = 240_000;

interface DriftReport {
  drifted: number;
  accounts: AccountDrift[];
  reverted?: Execution;
  accepted?: Accepted;
}

let clouds: Clouds;
let fleet: Fleet;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "drift" });
  fleet.write({ "keys/ops.yaml": KEY, "firewalls/web.yaml": FIREWALL });
  for (const number of [1, 2, 3]) {
    fleet.write({
      [`servers/web-${number}.yaml`]: server("linode", `web-${number}`, { firewalls: ["web"] }),
      [`servers/api-${number}.yaml`]: server("digitalocean", `api-${number}`, { firewalls: ["web"] }),
      [`servers/pve-${number}.yaml`]: server("proxmox", `pve-${number}`),
    });
  }
  fleet.commit("Begin");
  await fleet.converge();
}, TIMEOUT);

afterAll(async () => {
  await fleet?.close();
  await clouds?.close();
});

beforeEach(async () => await clouds.forgetCalls());

const drift = async (...args: string[]) => await fleet.json<DriftReport>(["drift", ...args]);

async function breakThings(): Promise<void> {
  for (const [one, two, three, sizes] of [
    ["web-1", "web-2", "web-3", "g6-standard-2"],
    ["api-1", "api-2", "api-3", "s-2vcpu-2gb"],
    ["pve-1", "pve-2", "pve-3", "2x4096"],
  ] as const) {
    const [gone, stopped, resized] = await Promise.all([clouds.server(one), clouds.server(two), clouds.server(three)]);
    await clouds.of(gone.cloud).remove(gone.id);
    await clouds.of(stopped.cloud).change(stopped.id, { power: "stopped" });
    await clouds.of(resized.cloud).change(resized.id, { size: sizes });
  }
  await clouds.forgetCalls();
}

function expectBroken(report: DriftReport): void {
  const found = report.accounts.flatMap(({ drifted }) => drifted);
  const told = Object.fromEntries(
    found.map(({ name, kind, fields }) => [name, [kind, ...fields.map(({ path }) => path)]]),
  );
  expect(told).toEqual({
    "web-1": ["gone"],
    "api-1": ["gone"],
    "pve-1": ["gone"],
    "web-2": ["changed", "power"],
    "api-2": ["changed", "power"],
    "pve-2": ["changed", "power"],
    "web-3": ["changed", "size"],
    "api-3": ["changed", "size"],
    "pve-3": ["changed", "resources.vcpus", "resources.memoryMiB"],
  });
}

describe("drift", () => {
  it(
    "is told field by field, with each account listed once, and nothing is touched",
    async () => {
      await breakThings();

      const report = await drift();

      expect(report.code).toBe(2);
      expectBroken(report);
      expect(await clouds.writes()).toEqual([]);
      const lists = (await clouds.of("linode").calls()).filter(({ route }) => route === "/v4/linode/instances");
      expect(lists.map(({ count }) => count)).toEqual([1]);
    },
    TIMEOUT,
  );

  it(
    "is brought back to what the files say, once somebody agrees",
    async () => {
      const refused = await drift("--revert");
      const writes = await clouds.writes();
      const reverted = await drift("--revert", "--yes");

      expect(refused.code).toBe(3);
      expect(writes).toEqual([]);
      expect(reverted.code).toBe(0);
      expect(reverted.reverted).toMatchObject({ converged: 9, failed: 0 });
      const servers = await clouds.servers();
      expect(servers).toHaveLength(9);
      expect(servers.map(({ power }) => power)).toEqual(Array(9).fill("running"));
      expect(await clouds.server("web-3")).toMatchObject({ size: "g6-nanode-1" });
      expect(await clouds.server("api-3")).toMatchObject({ size: "s-1vcpu-1gb" });
      const calls = await clouds.writes();
      expect(calls.filter(isCreate)).toHaveLength(3);
      expect(calls.filter(isRemoval)).toEqual([]);
      expect(await drift()).toMatchObject({ code: 0, drifted: 0 });
      expect((await fleet.preview()).effects).toEqual([]);
      expect((await fleet.preview("--full")).effects).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "is accepted as a commit that changes only those lines, after which nothing is left to do",
    async () => {
      await breakThings();
      const before = fleet.git("rev-parse", "HEAD");

      const report = await drift("--accept");

      expect(report.code).toBe(0);
      expect(report.accepted).toMatchObject({ refused: [], commit: expect.stringMatching(/^[0-9a-f]{40}$/) });
      expect(fleet.git("diff", "--stat", before, "HEAD")).toMatch(/9 files changed/);
      expect(fleet.git("log", "-1", "--format=%an <%ae>")).toBe("Ada Operator <ada@example.org>");
      expect(fleet.git("diff", "--unified=0", before, "HEAD", "--", "servers/web-2.yaml")).toMatch(
        /^\+power: stopped$/m,
      );
      expect(fleet.git("ls-tree", "-r", "--name-only", "HEAD", "servers").split("\n")).toHaveLength(6);
      expect((await clouds.writes()).filter((call) => !call.includes("sshkeys"))).toEqual([]);
      expect((await fleet.preview()).effects).toEqual([]);
      expect((await fleet.preview("--full")).effects).toEqual([]);
      expect(await drift()).toMatchObject({ code: 0, drifted: 0 });
    },
    TIMEOUT,
  );

  it(
    "of a machine that a commit also changes is shown as what it is changed from",
    async () => {
      const { id } = await clouds.server("web-3");
      await clouds.of("linode").change(id, { size: "g6-standard-1" });
      fleet.edit("servers/web-3.yaml", (text) => text.replace("g6-standard-2", "g6-nanode-1"));
      fleet.commit("Make web-3 small again");

      const preview = await fleet.preview();
      await fleet.converge();

      expect(preview.effects).toMatchObject([
        { op: "update", changes: [{ path: "size", before: "g6-standard-1", after: "g6-nanode-1", drift: true }] },
      ]);
      expect(await clouds.server("web-3")).toMatchObject({ id, size: "g6-nanode-1", power: "running" });
    },
    TIMEOUT,
  );
});
