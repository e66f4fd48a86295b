import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stopEmbedded } from "../../../controller/store/embedded.ts";
import { Clouds, isCreate, isRemoval } from "../../e2e/clouds.ts";
import { FIREWALL, Fleet, KEY, server } from "../../e2e/fleet.ts";

/** What is lost beside the clouds: the database, or a machine's entry in state. Real engine, simulated clouds. */
const TIMEOUT = 300_000;

let clouds: Clouds;
let fleet: Fleet;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "lost" });
  fleet.write({
    "keys/ops.yaml": KEY,
    "firewalls/web.yaml": FIREWALL,
    "servers/web-1.yaml": server("linode", "web-1", { firewalls: ["web"] }),
    "servers/web-2.yaml": server("linode", "web-2"),
    "servers/pve-1.yaml": server("proxmox", "pve-1"),
  });
  fleet.commit("Begin");
  await fleet.converge();
}, TIMEOUT);

afterAll(async () => {
  await fleet?.close();
  await clouds?.close();
});

beforeEach(async () => await clouds.forgetCalls());

const bought = async () => (await clouds.writes()).filter((call) => isCreate(call) || isRemoval(call));

async function loseDatabase(): Promise<void> {
  await stopEmbedded(fleet.dataDir);
  rmSync(join(fleet.dataDir, "postgres"), { recursive: true });
}

describe("a lost database", () => {
  it(
    "comes back from state and git: nothing is bought, nothing is to do, and the next change works",
    async () => {
      const before = await clouds.servers();
      await loseDatabase();

      const preview = await fleet.preview();
      const idle = await fleet.converge();
      fleet.edit("servers/web-1.yaml", (text) => text.replace("env: test", "env: prod"));
      fleet.edit("servers/pve-1.yaml", (text) => text.replace("env: test", "env: prod"));
      fleet.commit("Change two");
      const changed = await fleet.converge();

      expect(preview.effects).toEqual([]);
      expect(idle.outcomes).toEqual([]);
      expect(changed.outcomes.map(({ name, op }) => `${op} ${name}`).sort()).toEqual(["update pve-1", "update web-1"]);
      expect(await bought()).toEqual([]);
      const after = await clouds.servers();
      expect(after.map(({ id, mark }) => [id, mark]).sort()).toEqual(before.map(({ id, mark }) => [id, mark]).sort());
      expect((await fleet.preview()).effects).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "hides no change that was committed and not applied, also one that no cloud shows",
    async () => {
      fleet.write({ "firewalls/web.yaml": { ...FIREWALL, rules: [{ ...FIREWALL.rules[0], ports: "8443" }] } });
      fleet.commit("Open 8443");
      await loseDatabase();

      const preview = await fleet.preview();
      await fleet.converge();

      expect(preview.effects.map(({ op, object }) => `${op} ${object.kind} ${object.name}`)).toEqual([
        "update Firewall web",
      ]);
      expect(await bought()).toEqual([]);
      expect((await fleet.preview()).effects).toEqual([]);
    },
    TIMEOUT,
  );
});

describe("a machine that state has lost", () => {
  it(
    "is taken back when its file changes, and nothing is bought",
    async () => {
      const before = await clouds.server("web-2");
      forgetInState("web-2");
      fleet.edit("servers/web-2.yaml", (text) => text.replace("env: test", "env: prod"));
      fleet.commit("Change web-2");

      const done = await fleet.converge();

      expect(done.outcomes).toMatchObject([{ name: "web-2", op: "update", state: "converged" }]);
      expect(await clouds.server("web-2")).toMatchObject({ id: before.id, mark: before.mark });
      expect(await bought()).toEqual([]);
      expect((await fleet.preview("--full")).effects).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "is taken back to be removed when its file goes: no machine is left behind",
    async () => {
      for (const name of ["web-2", "pve-1"]) {
        forgetInState(name);
        fleet.write({ [`servers/${name}.yaml`]: null });
      }
      fleet.commit("Remove two");

      const done = await fleet.converge();

      expect(done.outcomes.map(({ op, state }) => `${op} ${state}`)).toEqual(["delete converged", "delete converged"]);
      expect((await clouds.servers()).map(({ name }) => name)).toEqual(["web-1"]);
      expect((await bought()).filter(isCreate)).toEqual([]);
      expect((await fleet.preview("--full")).effects).toEqual([]);
    },
    TIMEOUT,
  );
});

describe("a firewall that state has lost", () => {
  const firewalls = async () => {
    const headers = { authorization: `Bearer ${clouds.tokens.linode}` };
    const answer = await fetch(`${clouds.url("linode")}/v4/networking/firewalls`, { headers });
    const { data } = (await answer.json()) as { data: { id: number; rules: { inbound: { ports?: string }[] } }[] };
    return data.map(({ id, rules }) => ({ id, ports: rules.inbound.map(({ ports }) => ports) }));
  };

  it(
    "is taken back when its file changes, and none is made beside it",
    async () => {
      const [before] = await firewalls();
      forgetInState("firewall.web");
      fleet.write({ "firewalls/web.yaml": { ...FIREWALL, rules: [{ ...FIREWALL.rules[0], ports: "9443" }] } });
      fleet.commit("Open 9443");

      const done = await fleet.converge();

      expect(done.outcomes).toMatchObject([{ name: "web", op: "update", state: "converged" }]);
      expect(await firewalls()).toEqual([{ id: before!.id, ports: ["9443"] }]);
      expect((await fleet.preview("--full")).effects).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "is taken back to be removed when its file goes: no firewall is left behind",
    async () => {
      forgetInState("firewall.web");
      fleet.edit("servers/web-1.yaml", (text) => text.replace(/firewalls:\n {2}- web\n/, ""));
      fleet.write({ "firewalls/web.yaml": null });
      fleet.commit("Do without");

      await fleet.converge();

      expect(await firewalls()).toEqual([]);
      expect((await fleet.preview("--full")).effects).toEqual([]);
    },
    TIMEOUT,
  );
});

describe("a machine whose mark was taken off by hand", () => {
  it(
    "is not deleted when its file goes, and told",
    async () => {
      const { id } = await clouds.server("web-1");
      await clouds.of("linode").change(id, { tags: ["somebody-elses"] });
      fleet.write({ "servers/web-1.yaml": null });
      fleet.commit("Remove web-1");

      const refused = await fleet.apply("--yes");

      expect(refused).toMatchObject({ code: 3, error: { code: "GUARD_REFUSED" } });
      expect(refused.error!.message).toContain("no longer carries our mark");
      expect(await bought()).toEqual([]);
      expect(await clouds.server("web-1")).toMatchObject({ id });
    },
    TIMEOUT,
  );
});

/** As a plugin leaves state that has believed a false 404. */
function forgetInState(name: string): void {
  const folder = join(fleet.dataDir, "state/.pulumi/stacks/lost");
  for (const file of readdirSync(folder).filter((entry) => entry.endsWith(".json"))) {
    const path = join(folder, file);
    const state = JSON.parse(readFileSync(path, "utf8"));
    const latest = state.checkpoint.latest;
    const isOf = ({ urn }: { urn: string }) => [name, `power.${name}`].includes(urn.split("::").at(-1)!);
    if (latest?.resources === undefined || !latest.resources.some(isOf)) continue;
    latest.resources = latest.resources.filter((resource: { urn: string }) => !isOf(resource));
    writeFileSync(path, JSON.stringify(state));
  }
}
