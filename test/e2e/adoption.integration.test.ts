import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CLOUDS, Clouds, isCreate, isRemoval } from "./clouds.ts";
import { FIREWALL, Fleet, KEY, server } from "./fleet.ts";

/** Machines that others made, and servers that change their account. */
const TIMEOUT = 240_000;

let clouds: Clouds;
let fleet: Fleet;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "adoption" });
  fleet.write({
    "keys/ops.yaml": KEY,
    "firewalls/web.yaml": FIREWALL,
    "servers/first.yaml": server("linode", "first"),
  });
  fleet.commit("Begin");
  await fleet.converge();
}, TIMEOUT);

afterAll(async () => {
  await fleet?.close();
  await clouds?.close();
});

beforeEach(async () => await clouds.forgetCalls());

describe("a machine of another's making", () => {
  it(
    "is left alone while no commit names its id",
    async () => {
      for (const cloud of CLOUDS) await clouds.of(cloud).addForeign({ name: `${cloud}-old` });
      const before = await clouds.servers();
      fleet.write({ "servers/second.yaml": server("digitalocean", "second") });
      fleet.commit("Add one");

      await fleet.converge();

      const after = await clouds.servers();
      for (const foreign of before) expect(after).toContainEqual(foreign);
      expect(after).toHaveLength(before.length + 1);
    },
    TIMEOUT,
  );

  it(
    "is adopted by its id without a create, and brought to what its file says",
    async () => {
      for (const cloud of CLOUDS) {
        const { id } = await clouds.server(`${cloud}-old`);
        const wanted = { linode: { size: "g6-standard-1" }, digitalocean: { size: "s-1vcpu-2gb" }, proxmox: {} }[cloud];
        const firewalls = cloud === "proxmox" ? {} : { firewalls: ["web"] };
        const file = server(cloud, `${cloud}-taken`, {
          adopt: id,
          hostname: `${cloud}-taken`,
          ...wanted,
          ...firewalls,
        });
        fleet.write({ [`servers/${cloud}-taken.yaml`]: file });
      }
      const before = new Map((await clouds.servers()).map((server) => [server.name, server]));
      fleet.commit("Adopt three");

      const preview = await fleet.preview();
      const done = await fleet.converge();

      expect(preview.effects.filter(({ object }) => object.kind === "Server").map(({ op }) => op)).toEqual([
        "adopt",
        "adopt",
        "adopt",
      ]);
      expect(done.failed).toBe(0);
      const calls = await clouds.writes();
      expect(calls.filter((call) => isCreate(call) || isRemoval(call))).toEqual([]);
      for (const cloud of CLOUDS) {
        const after = await clouds.server(`${cloud}-taken`);
        expect(after).toMatchObject({
          id: before.get(`${cloud}-old`)!.id,
          power: "running",
          mark: expect.stringMatching(/^fw-/),
        });
      }
      expect(await clouds.server("linode-taken")).toMatchObject({ size: "g6-standard-1" });
      expect(await clouds.server("digitalocean-taken")).toMatchObject({ size: "s-1vcpu-2gb" });
      expect((await fleet.preview()).effects).toEqual([]);
      expect((await fleet.preview("--full")).effects).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "is refused when it carries another fleet's mark, or is not there",
    async () => {
      const { id } = await clouds.of("linode").addForeign({ name: "theirs", tags: [`fw-${"a2".repeat(10)}`] });
      fleet.write({ "servers/theirs.yaml": server("linode", "theirs", { adopt: id }) });
      fleet.commit("Take another's");
      const taken = await fleet.apply("--yes");
      fleet.write({ "servers/theirs.yaml": server("linode", "theirs", { adopt: "999999" }) });
      fleet.commit("Take what is not there");
      const absent = await fleet.apply("--yes");
      fleet.write({ "servers/theirs.yaml": null });
      fleet.commit("Leave it");

      expect(taken.code).toBe(3);
      expect(taken.error!.message).toContain("another fleet");
      expect(absent.code).toBe(1);
      expect(absent.error!.message).toContain("999999");
      expect(await clouds.writes()).toEqual([]);
      expect((await fleet.preview()).effects).toEqual([]);
    },
    TIMEOUT,
  );
});

describe("a server whose account changes", () => {
  it(
    "is made anew on the other one and removed from the first, once that loss is allowed",
    async () => {
      const before = await clouds.server("first");
      fleet.write({ "servers/first.yaml": server("digitalocean", "first", { firewalls: ["web"] }) });
      fleet.commit("Move first to DigitalOcean");

      const refused = await fleet.apply("--yes");
      const writes = await clouds.writes();
      const done = await fleet.converge("--allow-replace", "first");

      expect(before.cloud).toBe("linode");
      expect(refused).toMatchObject({ code: 3, error: { code: "GUARD_REFUSED" } });
      expect(writes).toEqual([]);
      expect(done.outcomes).toContainEqual(
        expect.objectContaining({ name: "first", op: "replace", state: "converged" }),
      );
      expect(await clouds.server("first")).toMatchObject({ cloud: "digitalocean", power: "running" });
      expect((await fleet.preview()).effects).toEqual([]);
      expect((await fleet.preview("--full")).effects).toEqual([]);
    },
    TIMEOUT,
  );
});
