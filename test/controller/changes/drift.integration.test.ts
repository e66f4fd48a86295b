import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { adoptMachines } from "../../../controller/changes/adopt.ts";
import { acceptDrift, type Opening, revertDrift } from "../../../controller/changes/drift.ts";
import type { Change } from "../../../controller/changes/types.ts";
import { readDesired } from "../../../controller/reconcile/desired.ts";
import { findFleetDrift, findObjectDrift } from "../../../controller/reconcile/drift.ts";
import { Clouds, isCreate } from "../../e2e/clouds.ts";
import { Fleet, KEY, server } from "../../e2e/fleet.ts";
import { ANN, Desk, OTTO, signal } from "./desk.ts";

/** What a hand has done at the clouds becomes a change: real git, database and engine, simulated clouds. */
const TIMEOUT = 240_000;

let clouds: Clouds;
let fleet: Fleet;
let desk: Desk;

const NAMES = ["web-1", "web-2", "web-3"];

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "by-hand" });
  fleet.write({ "keys/ops.yaml": KEY });
  for (const name of NAMES) fleet.write({ [`servers/${name}.yaml`]: stringify(server("linode", name)) });
  fleet.commit("Begin");
  await fleet.converge();
  desk = await Desk.start(fleet);
}, TIMEOUT);

afterAll(async () => {
  await desk?.close();
  await fleet?.close();
  await clouds?.close();
});

const keys = (...names: string[]) => names.map((name) => `Server//${name}`);
const desired = async () => await readDesired(desk.controller, await desk.controller.repo.head("main"), signal);
const open = async (opening: Opening) => await desk.changes.open({ ...opening, surface: "api", by: ANN }, signal);

/** By hand, at the cloud. */
async function change(name: string, patch: object): Promise<void> {
  const { cloud, id } = await clouds.server(name);
  await clouds.of(cloud).change(id, patch);
  await clouds.forgetCalls();
}

async function driftOf(...names: string[]): Promise<string[]> {
  const found = await findObjectDrift(desk.controller, await desired(), new Set(keys(...names)), signal);
  return found.flatMap(({ drifted }) => drifted.map(({ name }) => name));
}

/** Approved by somebody, executed, and at its end. */
async function carry({ id }: Change): Promise<Change> {
  const { preview } = await desk.in(id, "needs-approval");
  await desk.changes.approve(id, { hashes: [preview!.hash], by: OTTO }, signal);
  await desk.changes.execute(id, OTTO, signal);
  return await desk.in(id, "converged");
}

describe("drift", () => {
  it(
    "is reverted by an approved change, which shows what it brings back and makes no commit",
    async () => {
      await change("web-1", { power: "stopped" });
      const head = fleet.git("rev-parse", "main");

      const opened = await open(revertDrift(await desired(), keys("web-1", "web-2")));
      const shown = await desk.in(opened.id, "needs-approval");
      await expect(desk.changes.execute(opened.id, OTTO, signal)).rejects.toMatchObject({ code: "CHANGE_STATE" });
      expect((await clouds.server("web-1")).power).toBe("stopped");
      expect(shown.preview!.effects).toMatchObject([
        {
          op: "update",
          object: { name: "web-1" },
          changes: [{ path: "power", before: "stopped", after: "running", drift: true }],
        },
      ]);
      const done = await carry(opened);

      expect((await clouds.server("web-1")).power).toBe("running");
      expect(done.results).toMatchObject([{ name: "web-1", state: "converged" }]);
      expect(done.merged).toBe(head);
      expect(fleet.git("rev-parse", "main")).toBe(head);
      expect((await desk.changes.runs(done)).length).toBeGreaterThan(0);
      const again = await open(revertDrift(await desired(), keys("web-1")));
      expect((await desk.in(again.id, "closed")).reason).toContain("as the files say");
    },
    TIMEOUT,
  );

  it(
    "that somebody has brought back after the approval is left alone, and the change has converged",
    async () => {
      await change("web-2", { power: "stopped" });
      const { id } = await open(revertDrift(await desired(), keys("web-2")));
      const { preview } = await desk.in(id, "needs-approval");
      await desk.changes.approve(id, { hashes: [preview!.hash], by: OTTO }, signal);
      await change("web-2", { power: "running" });

      await desk.changes.execute(id, OTTO, signal);
      await desk.in(id, "converged");

      expect(await clouds.writes()).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "that a policy lets be brought back needs no commit and no person, as often as a hand changes it",
    async () => {
      const changes = [{ roles: ["requester"], operations: ["update"] }];
      fleet.write({ "fleet.yaml": { kind: "Fleet", id: "by-hand", approval: "required", policies: { changes } } });
      const head = fleet.commit("Let updates pass");
      await desk.service.look();
      for (const _ of ["once", "again"]) {
        await change("web-2", { power: "stopped" });

        const wanted = { ...revertDrift(await desired(), keys("web-2")), surface: "api", by: ANN, executes: true };
        const { id } = await desk.changes.open(wanted, signal);
        const done = await desk.in(id, "converged");

        expect(done.approvals.map(({ by }) => by)).toEqual(["policy: changes[0] of fleet.yaml"]);
        expect((await clouds.server("web-2")).power).toBe("running");
      }
      expect(fleet.git("rev-parse", "main")).toBe(head);
      fleet.write({ "fleet.yaml": { kind: "Fleet", id: "by-hand" } });
      fleet.commit("Let nothing pass");
      await desk.service.look();
    },
    TIMEOUT,
  );

  it(
    "of which more has gone than was approved is shown anew, and nothing is done",
    async () => {
      await change("web-3", { power: "stopped" });
      const { id } = await open(revertDrift(await desired(), keys("web-3")));
      const { preview } = await desk.in(id, "needs-approval");
      await desk.changes.approve(id, { hashes: [preview!.hash], by: OTTO }, signal);
      const { cloud, id: machine } = await clouds.server("web-3");
      await clouds.of(cloud).remove(machine);
      await clouds.forgetCalls();

      await desk.changes.execute(id, OTTO, signal);
      await desk.until(async () => (await desk.changes.get(id)).preview!.hash !== preview!.hash);
      const anew = await desk.in(id, "needs-approval");

      expect(anew.preview!.effects.map(({ op, object }) => `${op} ${object.name}`)).toEqual(["create web-3"]);
      expect((await clouds.writes()).filter(isCreate)).toEqual([]);
      expect((await desk.changes.close(id, OTTO, "accepted instead")).state).toBe("closed");
    },
    TIMEOUT,
  );

  it(
    "is accepted by a commit that touches no machine, and is no drift any more",
    async () => {
      await change("web-1", { power: "stopped" });
      await change("web-2", { size: "g6-standard-2" });
      const { opening, refused } = await acceptDrift(
        desk.controller,
        await desired(),
        keys("web-1", "web-2", "web-3"),
        signal,
      );
      expect(refused).toEqual([]);
      const before = await clouds.servers();

      const done = await carry(await open(opening!));

      expect(done.preview!.effects.map(({ op, object }) => `${op} ${object.name}`).sort()).toEqual([
        "delete web-3",
        "update web-1",
        "update web-2",
      ]);
      expect(await clouds.writes()).toEqual([]);
      expect(await clouds.servers()).toEqual(before);
      expect(fleet.git("show", "main:servers/web-1.yaml")).toContain("power: stopped");
      expect(fleet.git("show", "main:servers/web-2.yaml")).toContain("size: g6-standard-2");
      expect(fleet.git("ls-tree", "--name-only", "-r", "main")).not.toContain("servers/web-3.yaml");
      expect(await driftOf(...NAMES)).toEqual([]);
      const nothing = await acceptDrift(desk.controller, await desired(), keys("web-1"), signal);
      expect(nothing).toEqual({ refused: [{ name: "web-1", reason: expect.stringContaining("does not differ") }] });
    },
    TIMEOUT,
  );
});

describe("a machine of somebody else", () => {
  it(
    "is adopted by a change that adds its file, and is not made anew",
    async () => {
      const { id } = await clouds.of("digitalocean").addForeign({ name: "old-1" });
      await findFleetDrift(desk.controller, await desired(), signal);
      await clouds.forgetCalls();
      const wanted = { account: "do-main", ids: [id] };
      const { proposals, opening } = await adoptMachines(desk.controller, await desired(), wanted, signal);
      expect(proposals).toMatchObject([{ name: "old-1", text: expect.stringContaining(`adopt:`) }]);

      const done = await carry(await open(opening!));

      expect(done.preview!.effects.map(({ op, object }) => `${op} ${object.name}`)).toEqual(["adopt old-1"]);
      expect((await clouds.server("old-1")).id).toBe(id);
      expect((await clouds.writes()).filter(isCreate)).toEqual([]);
      await expect(adoptMachines(desk.controller, await desired(), wanted, signal)).rejects.toThrow(
        `${id} is the server old-1 already`,
      );
      await expect(
        adoptMachines(desk.controller, await desired(), { ...wanted, ids: ["none"] }, signal),
      ).rejects.toMatchObject({ code: "NOT_FOUND" });
    },
    TIMEOUT,
  );
});
