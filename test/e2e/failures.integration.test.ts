import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CLOUDS, type CloudName, Clouds, isCreate } from "./clouds.ts";
import { FIREWALL, Fleet, KEY, server } from "./fleet.ts";

/** Clouds that refuse or lose a request, approvals that no longer fit, and what the exit codes say of all that. */
const TIMEOUT = 180_000;

const CREATE: Record<CloudName, string> = {
  linode: "^/v4/linode/instances$",
  digitalocean: "^/v2/droplets$",
  proxmox: "/clone$",
};

let clouds: Clouds;
let fleet: Fleet;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "failures" });
  fleet.write({
    "keys/ops.yaml": KEY,
    "firewalls/web.yaml": FIREWALL,
    "servers/linode-0.yaml": server("linode", "linode-0", { firewalls: ["web"] }),
    "servers/digitalocean-0.yaml": server("digitalocean", "digitalocean-0", { firewalls: ["web"] }),
    "servers/proxmox-0.yaml": server("proxmox", "proxmox-0"),
  });
  fleet.commit("Begin");
  await fleet.converge();
}, TIMEOUT);

afterAll(async () => {
  await fleet?.close();
  await clouds?.close();
});

beforeEach(async () => {
  await clouds.clearFaults();
  await clouds.forgetCalls();
});

const countNamed = async (name: string) => (await clouds.servers()).filter((server) => server.name === name).length;

describe("a server that its cloud refuses", () => {
  it("stops no other, is told in the cloud's own words, and is finished without another approval", async () => {
    for (const cloud of CLOUDS) {
      for (const number of [1, 2])
        fleet.write({ [`servers/${cloud}-${number}.yaml`]: server(cloud, `${cloud}-${number}`) });
      await clouds.of(cloud).fault({
        match: { method: "POST", path: CREATE[cloud] },
        action: { kind: "status", status: cloud === "digitalocean" ? 422 : 400, ...refusal(cloud) },
      });
    }
    fleet.commit("Two more on each");

    const first = await fleet.apply("--yes");
    const between = await clouds.servers();
    const second = await fleet.apply();

    expect(first).toMatchObject({ code: 1, converged: 3, failed: 3 });
    for (const { state, message } of first.outcomes)
      if (state === "failed") expect(message).toContain("the floor is wet");
    expect(between).toHaveLength(6);
    expect(second).toMatchObject({ code: 0, converged: 3, failed: 0 });
    expect(await clouds.servers()).toHaveLength(9);
    expect((await fleet.preview()).effects).toEqual([]);
  }, 240_000);
});

describe("an approval", () => {
  it(
    "is refused before anything is touched when the effects are no longer those that were shown",
    async () => {
      fleet.edit("servers/linode-0.yaml", (text) => text.replace("env: test", "env: one"));
      fleet.commit("Shown");
      const { hash } = await fleet.preview();
      fleet.edit("servers/linode-0.yaml", (text) => text.replace("env: one", "env: two"));
      fleet.commit("Changed since");

      const refused = await fleet.apply("--approve", hash);

      expect(refused).toMatchObject({ code: 3, error: { code: "PREVIEW_STALE" } });
      expect(refused.error!.message).toContain("linode-0");
      expect(await clouds.writes()).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "lasts over commits that change none of its effects",
    async () => {
      const { hash, effects } = await fleet.preview();
      fleet.write({ "README.md": "Not a fleet file.\n" });
      fleet.edit("servers/digitalocean-0.yaml", (text) => `# A comment\n${text}`);
      fleet.commit("Something else");

      const done = await fleet.apply("--approve", hash);

      expect(effects).toHaveLength(1);
      expect(done).toMatchObject({ code: 0, converged: 1 });
      expect((await clouds.server("linode-0")).tags).toContain("env:two");
    },
    TIMEOUT,
  );

  it(
    "of one effect does not carry another",
    async () => {
      fleet.edit("servers/linode-0.yaml", (text) => text.replace("env: two", "env: three"));
      fleet.edit("servers/proxmox-0.yaml", (text) => text.replace("env: test", "env: three"));
      fleet.commit("Two effects");
      const { effects } = await fleet.preview();

      const refused = await fleet.apply("--approve", effects[0]!.hash);
      const writes = await clouds.writes();
      const done = await fleet.apply(...effects.flatMap(({ hash }) => ["--approve", hash]));

      expect(refused).toMatchObject({ code: 3, error: { code: "PREVIEW_STALE" } });
      expect(writes).toEqual([]);
      expect(done).toMatchObject({ code: 0, converged: 2 });
    },
    TIMEOUT,
  );
});

describe("exit codes", () => {
  it(
    "say done, wrong, changed and refused",
    async () => {
      const settled = await fleet.preview();
      const drift = await fleet.json(["drift"]);
      fleet.edit("servers/linode-0.yaml", (text) => text.replace("env: three", "env: four"));
      fleet.commit("A change");
      const changed = await fleet.preview();
      const unapproved = await fleet.apply();
      fleet.write({ "servers/broken.yaml": "kind: Server\nname: broken\nacount: linode-main\n" });
      fleet.commit("A broken file");
      const invalid = await fleet.preview();
      const usage = await fleet.run(["preview", "--no-such-option"]);
      fleet.git("reset", "-q", "--hard", "HEAD~2");

      expect(settled.code).toBe(0);
      expect(drift.code).toBe(0);
      expect(changed.code).toBe(2);
      expect(unapproved).toMatchObject({ code: 3, error: { code: "NOT_APPROVED" } });
      expect(invalid).toMatchObject({ code: 1, error: { code: "FLEET_INVALID" } });
      expect(invalid.error!.message).toMatch(/^servers\/broken\.yaml:3:1: .*acount/m);
      expect(usage.code).toBe(1);
    },
    TIMEOUT,
  );
});

describe("a create whose answer is lost", () => {
  it.each(CLOUDS)(
    "has made one machine on %s, which is found and goes on",
    async (cloud) => {
      const name = `${cloud}-lost`;
      fleet.write({ [`servers/${name}.yaml`]: server(cloud, name, cloud === "proxmox" ? {} : { firewalls: ["web"] }) });
      fleet.commit(`Add ${name}`);
      await clouds.of(cloud).fault({ match: { method: "POST", path: CREATE[cloud] }, action: { kind: "dropAfter" } });

      const done = await fleet.apply("--yes");

      expect(done).toMatchObject({ code: 0, converged: 1 });
      expect(await countNamed(name)).toBe(1);
      expect((await clouds.writes()).filter(isCreate)).toHaveLength(1);
      expect((await fleet.preview()).effects).toEqual([]);
      expect((await fleet.preview("--full")).effects).toEqual([]);
    },
    TIMEOUT,
  );

  it.each(CLOUDS)(
    "makes one machine on %s when the cloud does it after the caller has gone away",
    async (cloud) => {
      const name = `${cloud}-late`;
      fleet.write({ [`servers/${name}.yaml`]: server(cloud, name) });
      fleet.commit(`Add ${name}`);
      await clouds.of(cloud).fault({ match: { method: "POST", path: CREATE[cloud] }, action: { kind: "dropBefore" } });

      const done = await fleet.apply("--yes");
      const again = done.code === 0 ? done : await fleet.apply();

      expect(again.code).toBe(0);
      expect(await countNamed(name)).toBe(1);
      expect((await fleet.preview()).effects).toEqual([]);
    },
    TIMEOUT,
  );
});

function refusal(cloud: CloudName): { body: unknown } {
  const message = "the floor is wet";
  if (cloud === "linode") return { body: { errors: [{ reason: message }] } };
  if (cloud === "digitalocean") return { body: { id: "unprocessable_entity", message } };
  return { body: { data: null, errors: { target: message } } };
}
