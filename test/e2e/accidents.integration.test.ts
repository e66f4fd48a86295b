import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { AccountDrift } from "../../controller/reconcile/drift.ts";
import { Clouds } from "./clouds.ts";
import { Fleet, KEY, server } from "./fleet.ts";

/** Promise 6: what looks like a wish to delete a fleet, and is none, deletes nothing and says what is wrong. */
const TIMEOUT = 180_000;
const WEB = ["web-1", "web-2", "web-3", "web-4", "web-5"];
const LAB = ["pve-1", "pve-2", "pve-3", "pve-4", "pve-5"];

let clouds: Clouds;
let fleet: Fleet;
let good: string;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "accidents" });
  fleet.write({ "keys/ops.yaml": KEY });
  for (const name of WEB) fleet.write({ [`servers/web/${name}.yaml`]: server("linode", name, { owner: "team-web" }) });
  for (const name of LAB) fleet.write({ [`servers/lab/${name}.yaml`]: server("proxmox", name) });
  good = fleet.commit("Ten servers");
  await fleet.converge();
}, TIMEOUT);

afterAll(async () => {
  await fleet?.close();
  await clouds?.close();
});

beforeEach(async () => await clouds.forgetCalls());

afterEach(async () => {
  fleet.git("reset", "-q", "--hard", good);
  expect(await clouds.writes(), "nothing was touched").toEqual([]);
  expect((await clouds.servers()).map(({ name }) => name).sort()).toEqual([...LAB, ...WEB]);
});

/** Whoever approves everything without reading it. */
const apply = async (...args: string[]) => await fleet.apply("--yes", "--allow-replace", "nobody", ...args);

const removed = (files: string[]) => fleet.write(Object.fromEntries(files.map((file) => [file, null])));

describe("files that are gone", () => {
  it(
    "are refused when the whole folder is empty",
    async () => {
      removed([...WEB.map((name) => `servers/web/${name}.yaml`), ...LAB.map((name) => `servers/lab/${name}.yaml`)]);
      fleet.commit("Empty the folder");

      const preview = await fleet.preview();
      const done = await apply();

      expect(preview.code).toBe(3);
      expect(done).toMatchObject({ code: 3, error: { code: "GUARD_REFUSED" } });
      expect(done.error!.message).toContain(
        "5 of the 5 servers of account linode-main would be removed, and at most 3 may go at once",
      );
      expect(done.error!.message).toContain("--allow-delete 10");
    },
    TIMEOUT,
  );

  it(
    "are refused when a merge dropped them",
    async () => {
      fleet.git("checkout", "-q", "-b", "cleanup");
      removed(WEB.slice(0, 4).map((name) => `servers/web/${name}.yaml`));
      fleet.commit("Clean up");
      fleet.git("checkout", "-q", "main");
      fleet.write({ "README.md": "Something else\n" });
      fleet.commit("Go on");
      fleet.git("merge", "-q", "--no-edit", "cleanup");

      const done = await apply();

      expect(done).toMatchObject({ code: 3, error: { code: "GUARD_REFUSED" } });
      expect(done.error!.message).toContain("4 of the 5 servers of owner team-web");
    },
    TIMEOUT,
  );

  it(
    "are refused when more go than the override allows",
    async () => {
      removed(LAB.slice(0, 4).map((name) => `servers/lab/${name}.yaml`));
      fleet.commit("Remove four");

      expect(await apply("--allow-delete", "3")).toMatchObject({ code: 3, error: { code: "GUARD_REFUSED" } });
    },
    TIMEOUT,
  );
});

describe("a fleet that cannot be read whole", () => {
  it.each([
    { what: "a file with a typing error", path: "servers/web/web-1.yaml", text: "kind: Server\nname: [web-1\n" },
    { what: "a file that is not text", path: "servers/web/web-1.yaml", text: "\u0000\u0001\u0002ELF" },
    { what: "a file without a kind", path: "servers/web/web-1.yaml", text: "name: web-1\n" },
    {
      what: "an unfinished merge",
      path: "servers/web/web-1.yaml",
      text: "<<<<<<< HEAD\nkind: Server\n=======\n>>>>>>> b\n",
    },
    { what: "an empty file", path: "servers/web/web-1.yaml", text: "" },
  ])(
    "is not compiled to a smaller one: $what",
    async ({ path, text }) => {
      fleet.write({ [path]: text });
      fleet.commit("An accident");

      const done = await apply();

      expect(done).toMatchObject({ code: 1, error: { code: "FLEET_INVALID" } });
      expect(done.error!.message).toMatch(/^servers\/web\/web-1\.yaml:\d+:\d+: /m);
    },
    TIMEOUT,
  );

  it(
    "is not compiled without an account that servers still name",
    async () => {
      removed(["accounts/linode-main.yaml"]);
      fleet.commit("Remove an account");

      const done = await apply();

      expect(done).toMatchObject({ code: 1, error: { code: "FLEET_INVALID" } });
      expect(done.error!.message).toContain("linode-main");
    },
    TIMEOUT,
  );

  it(
    "is not compiled without fleet.yaml",
    async () => {
      removed(["fleet.yaml"]);
      fleet.commit("Remove the settings");

      const done = await apply();

      expect(done).toMatchObject({ code: 1, error: { code: "FLEET_INVALID" } });
      expect(done.error!.message).toContain("fleet.yaml");
    },
    TIMEOUT,
  );

  it(
    "is not taken for another one under another id",
    async () => {
      fleet.write({ "fleet.yaml": { kind: "Fleet", id: "another" } });
      fleet.edit("servers/web/web-1.yaml", (text) => text.replace("env: test", "env: prod"));
      fleet.commit("Change the id");

      const done = await apply();

      expect(done).toMatchObject({ code: 1, error: { code: "FLEET_INVALID" } });
      expect(done.error!.message).toMatch(/accidents.*another/);
    },
    TIMEOUT,
  );
});

describe("an account that cannot be reached", () => {
  it(
    "is an error and no drift when its credential is gone",
    async () => {
      fleet.edit("servers/web/web-1.yaml", (text) => text.replace("env: test", "env: prod"));
      fleet.commit("Change one");
      const without = { FLEETWRIGHT_LINODE_TOKEN: undefined };

      const done = await fleet.json(["apply", "--yes"], without);
      const drift = await fleet.json<{ accounts: AccountDrift[] }>(["drift"], without);

      expect(done).toMatchObject({ code: 1, error: { code: "CREDENTIAL_MISSING" } });
      expect(done.error!.message).toContain("FLEETWRIGHT_LINODE_TOKEN");
      expect(drift.code).toBe(1);
      const account = drift.accounts.find(({ account }) => account === "linode-main");
      expect(account).toMatchObject({ drifted: [], error: expect.stringContaining("FLEETWRIGHT_LINODE_TOKEN") });
    },
    TIMEOUT,
  );

  it(
    "is an error and no drift when its credential is another one's",
    async () => {
      fleet.edit("servers/web/web-1.yaml", (text) => text.replace("env: test", "env: prod"));
      fleet.commit("Change one");
      const wrong = { FLEETWRIGHT_LINODE_TOKEN: "not-the-token" };

      const done = await fleet.json(["apply", "--yes"], wrong);
      const revert = await fleet.json<{ accounts: AccountDrift[] }>(["drift", "--revert", "--yes"], wrong);

      expect(done).toMatchObject({ code: 1, error: { code: "CLOUD_AUTH" } });
      expect(revert.code).toBe(1);
      expect(revert.accounts.flatMap(({ drifted }) => drifted)).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "is refused when it was taken out together with its servers",
    async () => {
      removed(["accounts/pve-lab.yaml", ...LAB.map((name) => `servers/lab/${name}.yaml`)]);
      fleet.commit("Give up the lab");

      expect(await apply()).toMatchObject({ code: 3, error: { code: "GUARD_REFUSED" } });
    },
    TIMEOUT,
  );
});

describe("a renamed account", () => {
  const rename = (formerly: string): void => {
    fleet.edit("accounts/linode-main.yaml", (text) =>
      text.replace("name: linode-main", `name: linode-prod${formerly}`),
    );
    for (const name of WEB)
      fleet.edit(`servers/web/${name}.yaml`, (text) => text.replace("linode-main", "linode-prod"));
    fleet.commit("Rename the account");
  };

  it(
    "would move every server, and is refused",
    async () => {
      rename("");

      const preview = await fleet.preview();
      const done = await apply();

      const replaced = preview.effects.filter(({ op }) => op === "replace");
      expect(replaced.map(({ object }) => object.name).sort()).toEqual(WEB);
      expect(replaced.every(({ dataLoss, replaceReasons }) => dataLoss && replaceReasons.includes("account"))).toBe(
        true,
      );
      expect(done).toMatchObject({ code: 3, error: { code: "GUARD_REFUSED" } });
    },
    TIMEOUT,
  );

  it(
    "is the same one where the file says what it was called",
    async () => {
      rename("\nformerly: [linode-main]");

      expect(await fleet.preview()).toMatchObject({ code: 0, effects: [], engineRuns: 0 });
      expect(await apply()).toMatchObject({ code: 0, outcomes: [] });
    },
    TIMEOUT,
  );
});
