import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Clouds, isCreate, isRemoval } from "./clouds.ts";
import { FIREWALL, Fleet, KEY, server } from "./fleet.ts";

/** The whole way with the real engine: files, commit, preview, approval, engine, machines. */
const TIMEOUT = 180_000;

let clouds: Clouds;
let fleet: Fleet;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "whole-way" });
  fleet.write({
    "keys/ops.yaml": KEY,
    "firewalls/web.yaml": FIREWALL,
    "servers/web/web-1.yaml": server("linode", "web-1", { firewalls: ["web"] }),
    "servers/web/web-2.yaml": server("linode", "web-2", { firewalls: ["web"] }),
    "servers/api/api-1.yaml": server("digitalocean", "api-1", { firewalls: ["web"] }),
    "servers/api/api-2.yaml": server("digitalocean", "api-2"),
    "servers/lab/pve-1.yaml": server("proxmox", "pve-1"),
    "servers/lab/pve-2.yaml": server("proxmox", "pve-2"),
  });
  fleet.commit("Begin");
}, TIMEOUT);

afterAll(async () => {
  await fleet?.close();
  await clouds?.close();
});

beforeEach(async () => {
  await clouds.clearFaults();
  await clouds.forgetCalls();
});

/** Nothing is left to do, by the records and without the engine. */
async function expectSettled(): Promise<void> {
  const preview = await fleet.preview();
  expect(preview.effects).toEqual([]);
  expect(preview).toMatchObject({ code: 0, engineRuns: 0 });
}

describe("a first commit", () => {
  it("shows what it would make, costs it, and asks before it does anything", async () => {
    const preview = await fleet.preview();
    const refused = await fleet.apply();

    expect(preview.code).toBe(2);
    expect(preview.effects.filter(({ object }) => object.kind === "Server").map(({ op }) => op)).toEqual(
      Array(6).fill("create"),
    );
    expect(preview.cost.after[0]).toMatchObject({ currency: "USD", monthlyMicro: 22_000_000 });
    expect(refused).toMatchObject({ code: 3, error: { code: "NOT_APPROVED" } });
    expect(await clouds.writes()).toEqual([]);
  }, 180_000);

  it("becomes marked, running machines on three clouds when its hash is approved", async () => {
    const { hash } = await fleet.preview();

    const done = await fleet.apply("--approve", hash);

    expect(done).toMatchObject({ code: 0, failed: 0 });
    const servers = await clouds.servers();
    expect(servers.map(({ name }) => name).sort()).toEqual(["api-1", "api-2", "pve-1", "pve-2", "web-1", "web-2"]);
    for (const { power, mark } of servers)
      expect({ power, mark }).toEqual({ power: "running", mark: expect.stringMatching(/^fw-/) });
    expect(new Set(servers.map(({ mark }) => mark)).size).toBe(6);
    expect((await clouds.writes()).filter(isCreate)).toHaveLength(6);
  }, 180_000);

  it("leaves nothing to do, also not by the engine's own full comparison", async () => {
    await expectSettled();
    const full = await fleet.preview("--full");

    expect(full.effects).toEqual([]);
    // Linode and DigitalOcean have a base stack and one of servers, Proxmox VE shares nothing.
    expect(full).toMatchObject({ code: 0, engineRuns: 5 });
    expect(await clouds.writes()).toEqual([]);
  }, 180_000);
});

describe("a changed file", () => {
  it("changes machines in place", async () => {
    const before = await clouds.servers();
    fleet.edit("servers/web/web-1.yaml", (text) => text.replace("g6-nanode-1", "g6-standard-1"));
    fleet.edit("servers/api/api-1.yaml", (text) => text.replace("s-1vcpu-1gb", "s-1vcpu-2gb"));
    // Memory of a running machine of Proxmox VE changes at its next start.
    fleet.edit(
      "servers/lab/pve-1.yaml",
      (text) =>
        `${text.replace("memoryMiB: 1024", "memoryMiB: 2048").replace("env: test", "env: prod")}restarts:\n  reboot: 1\n`,
    );
    fleet.commit("Enlarge three");

    const done = await fleet.converge();

    expect(done.outcomes.map(({ name, op }) => `${op} ${name}`).sort()).toEqual([
      "update api-1",
      "update pve-1",
      "update web-1",
    ]);
    expect(await clouds.server("web-1")).toMatchObject({ size: "g6-standard-1", power: "running" });
    expect(await clouds.server("api-1")).toMatchObject({ size: "s-1vcpu-2gb", power: "running" });
    expect(await clouds.server("pve-1")).toMatchObject({ size: "1x2048", power: "running" });
    expect((await clouds.servers()).map(({ id }) => id).sort()).toEqual(before.map(({ id }) => id).sort());
    await expectSettled();
  }, 180_000);

  it("stops machines, restarts others once, and starts the stopped ones again", async () => {
    for (const path of ["web/web-1", "api/api-1", "lab/pve-1"]) {
      fleet.edit(`servers/${path}.yaml`, (text) => `${text}power: stopped\n`);
    }
    for (const path of ["web/web-2", "api/api-2", "lab/pve-2"]) {
      fleet.edit(`servers/${path}.yaml`, (text) => `${text}restarts:\n  reboot: 1\n`);
    }
    fleet.commit("Stop three, restart three");
    await fleet.converge();
    const stopped = await clouds.servers();
    const restarts = (await clouds.writes()).filter((call) => /\/reboot |droplets\/:id\/actions 201/.test(call));

    for (const path of ["web/web-1", "api/api-1", "lab/pve-1"]) {
      fleet.edit(`servers/${path}.yaml`, (text) => text.replace("power: stopped", "power: running"));
    }
    fleet.commit("Start them");
    await clouds.forgetCalls();
    await fleet.converge();

    const power = Object.fromEntries(stopped.map(({ name, power }) => [name, power]));
    expect(power).toEqual({
      "web-1": "stopped",
      "api-1": "stopped",
      "pve-1": "stopped",
      "web-2": "running",
      "api-2": "running",
      "pve-2": "running",
    });
    expect(restarts.filter((call) => call.startsWith("POST /v4/linode/instances/:id/reboot"))).toHaveLength(1);
    expect(restarts.filter((call) => call.includes("/status/reboot"))).toHaveLength(1);
    expect((await clouds.writes()).filter((call) => call.includes("/reboot "))).toEqual([]);
    expect((await clouds.servers()).map(({ power }) => power)).toEqual(Array(6).fill("running"));
    await expectSettled();
  }, 240_000);

  it("changes a firewall without a word to the machines behind it", async () => {
    fleet.write({ "firewalls/web.yaml": { ...FIREWALL, rules: [{ ...FIREWALL.rules[0], ports: "443,8443" }] } });
    fleet.commit("Open 8443");

    const done = await fleet.converge();

    expect(done.outcomes.map(({ name, op }) => `${op} ${name}`)).toEqual(["update web", "update web"]);
    const writes = await clouds.writes();
    expect(writes.filter((call) => !call.includes("firewalls"))).toEqual([]);
    expect(writes).toContain("PUT /v4/networking/firewalls/:id/rules 200");
    expect(writes).toContain("PUT /v2/firewalls/:id 200");
    await expectSettled();
  }, 180_000);

  it("makes a machine anew only when that loss is allowed by name", async () => {
    const before = await clouds.server("web-2");
    fleet.edit(
      "servers/web/web-2.yaml",
      (text) => `${text.replace("linode/debian12", "linode/ubuntu24.04")}rebuild: 1\n`,
    );
    fleet.commit("Rebuild web-2");

    const preview = await fleet.preview();
    const refused = await fleet.apply("--yes");
    const writes = await clouds.writes();
    const done = await fleet.converge("--allow-replace", "web-2");

    expect(preview).toMatchObject({
      code: 3,
      effects: [{ op: "replace", dataLoss: true, replaceReasons: ["rebuild"] }],
    });
    expect(refused).toMatchObject({ code: 3, error: { code: "GUARD_REFUSED" } });
    expect(refused.error!.message).toContain("--allow-replace web-2");
    expect(writes).toEqual([]);
    expect(done.converged).toBe(1);
    const after = await clouds.server("web-2");
    expect(after).toMatchObject({ power: "running", image: "linode/ubuntu24.04" });
    expect(after.id).not.toBe(before.id);
    expect(after.mark).not.toBe(before.mark);
    await expectSettled();
  }, 240_000);
});

describe("a change that is none to a machine", () => {
  it("moves and renames files, servers and accounts without an effect and without the engine", async () => {
    const before = await clouds.servers();
    fleet.move("servers/web/web-1.yaml", "servers/customers/7/first.yaml");
    fleet.edit("servers/customers/7/first.yaml", (text) => `# Moved\n\n${text}`);
    fleet.edit("servers/api/api-2.yaml", (text) =>
      text.replace("name: api-2", "name: api-two\nhostname: api-2\nformerly: [api-2]"),
    );
    fleet.edit("accounts/pve-lab.yaml", (text) =>
      text.replace("name: pve-lab", "name: pve-office\nformerly: [pve-lab]"),
    );
    for (const name of ["pve-1", "pve-2"])
      fleet.edit(`servers/lab/${name}.yaml`, (text) => text.replace("pve-lab", "pve-office"));
    fleet.commit("Move and rename");

    const preview = await fleet.preview();
    const done = await fleet.apply();

    expect(preview).toMatchObject({ code: 0, effects: [], engineRuns: 0 });
    expect(done).toMatchObject({ code: 0, outcomes: [], engineRuns: 0 });
    expect(await clouds.writes()).toEqual([]);
    expect(await clouds.servers()).toEqual(before);
  }, 180_000);

  it("goes on with a renamed server and account as the ones they were", async () => {
    const before = [await clouds.server("api-2"), await clouds.server("pve-2")];
    fleet.edit("servers/api/api-2.yaml", (text) => text.replace("env: test", "env: prod"));
    fleet.edit("servers/lab/pve-2.yaml", (text) => text.replace("env: test", "env: prod"));
    fleet.commit("Change what was renamed");

    await fleet.converge();

    const after = [await clouds.server("api-2"), await clouds.server("pve-2")];
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    expect((await clouds.writes()).filter((call) => isCreate(call) || isRemoval(call))).toEqual([]);
    await expectSettled();
  }, 180_000);
});

describe("a removed file", () => {
  it("lets the machine run on where its policy is orphan", async () => {
    fleet.edit("servers/customers/7/first.yaml", (text) => `${text}deletionPolicy: orphan\n`);
    fleet.commit("Leave it when it goes");
    fleet.write({ "servers/customers/7/first.yaml": null });
    fleet.commit("Let web-1 go");

    const done = await fleet.converge();
    const drift = await fleet.json<{ accounts: { orphans: { name: string }[] }[] }>(["drift"]);

    expect(done.outcomes).toMatchObject([{ op: "forget", name: "web-1", state: "converged" }]);
    expect(await clouds.writes()).toEqual([]);
    expect(await clouds.server("web-1")).toMatchObject({ power: "running" });
    expect(drift.accounts.flatMap(({ orphans }) => orphans.map(({ name }) => name))).toEqual(["web-1"]);
    await expectSettled();
    expect((await fleet.preview("--full")).effects).toEqual([]);
  }, 240_000);

  it("removes nothing that is protected, also when protect was never applied, until a commit of its own lifts it", async () => {
    fleet.edit("servers/api/api-1.yaml", (text) => `${text}protect: true\n`);
    fleet.commit("Protect api-1");
    const file = fleet.read("servers/api/api-1.yaml");
    fleet.write({ "servers/api/api-1.yaml": null });
    fleet.commit("Remove it all the same");

    const refused = await fleet.apply("--yes", "--allow-delete", "5");
    const writes = await clouds.writes();
    fleet.write({ "servers/api/api-1.yaml": file.replace("protect: true", "protect: false") });
    fleet.commit("Lift it");
    fleet.write({ "servers/api/api-1.yaml": null });
    fleet.commit("Remove it");
    const done = await fleet.converge();

    expect(refused).toMatchObject({ code: 3, error: { code: "GUARD_REFUSED" } });
    expect(refused.error!.message).toContain("api-1 is protected");
    expect(writes).toEqual([]);
    expect(done.outcomes.map(({ name, op }) => `${op} ${name}`)).toContain("delete api-1");
    expect((await clouds.servers()).map(({ name }) => name)).not.toContain("api-1");
    await expectSettled();
  }, 240_000);
});
