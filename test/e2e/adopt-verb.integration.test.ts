import { load } from "js-yaml";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CLOUDS, type CloudName, Clouds, isCreate, isRemoval } from "./clouds.ts";
import { ACCOUNT, Fleet, KEY, server } from "./fleet.ts";

/** Machines that run already are found, written down and taken over. */
const TIMEOUT = 300_000;

let clouds: Clouds;
let fleet: Fleet;

interface Inventory {
  items: { id: string; name: string; kind: string; monthly?: { monthlyMicro: number }; ageDays?: number }[];
}

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "adopting" });
  fleet.write({
    "keys/ops.yaml": KEY,
    "plans/small.yaml": {
      kind: "Plan",
      name: "small",
      vcpus: 1,
      memoryMiB: 1024,
      diskGiB: 25,
      sizes: { linode: "g6-nanode-1", digitalocean: "s-1vcpu-1gb" },
    },
    "servers/first.yaml": server("linode", "first", { deletionPolicy: "orphan" }),
  });
  fleet.commit("Begin");
  await fleet.converge();
  for (const cloud of CLOUDS) {
    await clouds.of(cloud).addForeign({ name: `${cloud}-web`, tags: ["legacy"] });
    await clouds.of(cloud).addForeign({ name: `${cloud}-off`, power: "stopped" });
  }
}, TIMEOUT);

afterAll(async () => {
  await fleet?.close();
  await clouds?.close();
});

beforeEach(async () => await clouds.forgetCalls());

const id = async (name: string) => (await clouds.server(name)).id;

describe("machines that run already", () => {
  it(
    "are listed with what they cost, and nothing is touched",
    async () => {
      const listed = await fleet.json<Inventory>(["adopt", "--account", ACCOUNT.linode]);

      expect(listed.code).toBe(2);
      const foreign = listed.items.filter(({ kind }) => kind === "foreign");
      expect(foreign.map(({ name }) => name)).toEqual(["linode-off", "linode-web"]);
      expect(foreign[0]).toMatchObject({ ageDays: 0, monthly: { monthlyMicro: 5_000_000 } });
      expect(listed.items.filter(({ kind }) => kind === "managed").map(({ name }) => name)).toEqual(["first"]);
      expect(await clouds.writes()).toEqual([]);
    },
    TIMEOUT,
  );

  it.each(CLOUDS.map((cloud) => ({ cloud })))(
    "are taken over on $cloud with one write each, the mark, and are then as desired",
    async ({ cloud }) => {
      const before = (await clouds.servers()).filter(({ name }) => name.startsWith(`${cloud}-`));

      const done = await fleet.json<{ execution: { converged: number } }>([
        "adopt",
        "--account",
        ACCOUNT[cloud],
        "--match",
        `^${cloud}-`,
        "--yes",
      ]);

      expect(done.code, JSON.stringify(done)).toBe(0);
      expect(done.execution.converged).toBe(2);
      const writes = await clouds.writes();
      expect(writes, writes.join("\n")).toHaveLength(MARK_WRITES[cloud].length * 2);
      for (const write of writes)
        expect(
          MARK_WRITES[cloud].some((route) => write.startsWith(route)),
          write,
        ).toBe(true);
      expect(writes.filter((write) => isCreate(write) || isRemoval(write))).toEqual([]);
      const after = (await clouds.servers()).filter(({ name }) => name.startsWith(`${cloud}-`));
      for (const machine of before) {
        const { tags, ...same } = after.find(({ id }) => id === machine.id)!;
        expect(tags).toEqual(expect.arrayContaining(machine.tags));
        expect(same).toMatchObject({ name: machine.name, size: machine.size, power: machine.power });
        expect(same.mark).toBeDefined();
      }
    },
    TIMEOUT,
  );

  it(
    "have files that say what they are",
    async () => {
      const web = load(fleet.read(`servers/${ACCOUNT.linode}/linode-web.yaml`));

      expect(web).toMatchObject({
        plan: "small",
        region: "us-east",
        labels: { legacy: null },
        adopt: await id("linode-web"),
      });
      expect(load(fleet.read(`servers/${ACCOUNT.digitalocean}/digitalocean-off.yaml`))).toMatchObject({
        power: "stopped",
      });
      expect(fleet.git("log", "-1", "--format=%an %s")).toContain("Ada Operator Adopt");
    },
    TIMEOUT,
  );

  it(
    "leave an empty full preview",
    async () => {
      const preview = await fleet.preview("--full");

      expect(preview.code, JSON.stringify(preview)).toBe(0);
      expect(preview.effects).toEqual([]);
      expect(await clouds.writes()).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "are orphans once their file has gone, and can be taken over again",
    async () => {
      const orphan = await id("first");
      fleet.write({ "servers/first.yaml": null });
      fleet.commit("Let it go");
      await fleet.converge();

      const listed = await fleet.json<{ accounts: Inventory[] }>(["inventory", "--account", ACCOUNT.linode]);
      const again = await fleet.json(["adopt", "--account", ACCOUNT.linode, "--id", orphan, "--yes"]);

      expect(listed.accounts[0]!.items.filter(({ kind }) => kind === "orphan")).toEqual([
        expect.objectContaining({ id: orphan, name: "first" }),
      ]);
      expect(again.code, JSON.stringify(again)).toBe(0);
      expect((await fleet.preview()).effects).toEqual([]);
      expect((await clouds.server("first")).id).toBe(orphan);
    },
    TIMEOUT,
  );

  it(
    "are refused by an id that nobody has, or that is the fleet's",
    async () => {
      const nobody = await fleet.json(["adopt", "--account", ACCOUNT.linode, "--id", "999999", "--yes"]);
      const own = await fleet.json(["adopt", "--account", ACCOUNT.linode, "--id", await id("first"), "--yes"]);

      expect(nobody.error).toMatchObject({ code: "NOT_FOUND" });
      expect(own.error).toMatchObject({ code: "USAGE" });
    },
    TIMEOUT,
  );
});

/** The requests that write an owner mark, and no others. */
const MARK_WRITES: Record<CloudName, string[]> = {
  linode: ["PUT /v4/linode/instances/"],
  digitalocean: ["POST /v2/tags ", "POST /v2/tags/"],
  proxmox: ["PUT /api2/json/nodes/"],
};
