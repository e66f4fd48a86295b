import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { stopEmbedded } from "../../controller/store/embedded.ts";
import { Clouds } from "./clouds.ts";
import { FIREWALL, Fleet, KEY, server } from "./fleet.ts";

/** State files that a crash, a full disk or a bad block has damaged. Real engine, simulated clouds. */
const TIMEOUT = 300_000;
const STACK = "linode-main.0";

let clouds: Clouds;
let fleet: Fleet;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "damaged" });
  fleet.write({
    "keys/ops.yaml": KEY,
    "firewalls/web.yaml": FIREWALL,
    "servers/web-1.yaml": server("linode", "web-1", { firewalls: ["web"] }),
    "servers/web-2.yaml": server("linode", "web-2"),
  });
  fleet.commit("Begin");
  await fleet.converge();
}, TIMEOUT);

afterAll(async () => {
  await fleet?.close();
  await clouds?.close();
});

beforeEach(async () => await clouds.forgetCalls());

const file = (stack = STACK) => join(fleet.dataDir, `state/.pulumi/stacks/damaged/${stack}.json`);
const history = () => join(fleet.dataDir, `state/.pulumi/history/damaged/${STACK}`);
const machines = async () => (await clouds.servers()).map(({ name, id, mark }) => `${name} ${id} ${mark}`).sort();
const firstCopy = () =>
  readdirSync(history())
    .filter((name) => name.endsWith(".checkpoint.json"))
    .sort()[0]!;

/** Leaves of all copies the one that the first run made. */
function dropCopiesBut(kept: string | undefined): void {
  for (const name of readdirSync(history())) if (name !== kept) rmSync(join(history(), name));
  rmSync(`${file()}.bak`, { force: true });
}

it(
  "state whose note by an engine a kill has left empty is read as ever, and engines write no such notes",
  async () => {
    const notes = () => readdirSync(join(fleet.dataDir, "state"), { recursive: true, encoding: "utf8" });
    expect(notes().filter((name) => name.endsWith(".attrs"))).toEqual([]);
    writeFileSync(`${file()}.attrs`, "");
    fleet.edit("servers/web-2.yaml", (text) => text.replace("env: test", "env: noted"));
    fleet.commit("Label one");

    expect(await fleet.apply("--yes")).toMatchObject({ code: 0, converged: 1 });
  },
  TIMEOUT,
);

it(
  "a full preview that could not compare a stack is an error, not one without effects",
  async () => {
    // A setting that stand-ins refuse to start with.
    const broken = { FLEETWRIGHT_STANDIN_WAIT_SCALE: "none" };

    expect(await fleet.json(["preview", "--full"], broken)).toMatchObject({
      code: 1,
      error: { code: "ENGINE_FAILED", message: expect.stringContaining("linode-main.0: ") },
    });
  },
  TIMEOUT,
);

describe("a damaged state file", () => {
  it(
    "is put back from the copy of the last run before an engine sees it",
    async () => {
      const whole = readFileSync(file(), "utf8");
      truncateSync(file(), 700);

      const done = await fleet.apply("--yes");

      expect(done).toMatchObject({ code: 0, outcomes: [] });
      expect(done.stderr).toContain("is cut off");
      expect(done.stderr).toContain("which is what our last run left");
      expect(readFileSync(file(), "utf8")).toBe(whole);
      const aside = join(fleet.dataDir, "state/damaged");
      expect(readdirSync(aside).map((name) => readFileSync(join(aside, name), "utf8"))).toEqual([whole.slice(0, 700)]);
      expect(await clouds.writes()).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "is put back from an older copy: what was made, changed and removed since is found, and nothing is written to a cloud",
    async () => {
      const old = firstCopy();
      fleet.edit("servers/web-1.yaml", (text) => text.replace("env: test", "env: prod"));
      fleet.write({
        "servers/web-2.yaml": null,
        "servers/web-3.yaml": server("linode", "web-3", { firewalls: ["web"] }),
      });
      fleet.commit("Change one, remove one, add one");
      await fleet.converge();
      const before = await machines();
      dropCopiesBut(old);
      rmSync(file());
      await clouds.forgetCalls();

      const done = await fleet.apply("--yes");
      const full = await fleet.preview("--full");

      expect(done).toMatchObject({ code: 0, outcomes: [] });
      expect(done.stderr).toContain("is not there, and our last run left");
      expect(done.stderr).toContain("older than our last run");
      expect(full.effects).toEqual([]);
      expect(full.notes).toEqual([]);
      expect(await clouds.writes()).toEqual([]);
      expect(await machines()).toEqual(before);
    },
    TIMEOUT,
  );

  it(
    "of which no copy is whole is an error that says the ways out, and rebuilding it writes nothing to a cloud",
    async () => {
      const before = await machines();
      dropCopiesBut(undefined);
      writeFileSync(file(), "");

      const refused = await fleet.apply("--yes");
      const rebuilt = await fleet.apply("--yes", "--rebuild-state", STACK);
      const full = await fleet.preview("--full");

      expect(refused).toMatchObject({ code: 1, error: { code: "STATE_DAMAGED" } });
      expect(refused.error!.message).toContain("is empty, and no copy of it is whole");
      expect(refused.error!.message).toContain(`--rebuild-state ${STACK}`);
      expect(rebuilt).toMatchObject({ code: 0, outcomes: [] });
      expect(full.effects).toEqual([]);
      expect(await clouds.writes()).toEqual([]);
      expect(await machines()).toEqual(before);
    },
    TIMEOUT,
  );

  it(
    "is put back also when the database is lost with it",
    async () => {
      truncateSync(file(), 700);
      await stopEmbedded(fleet.dataDir);
      rmSync(join(fleet.dataDir, "postgres"), { recursive: true });

      const done = await fleet.apply("--yes");

      expect(done).toMatchObject({ code: 0, outcomes: [] });
      expect(done.stderr).toContain("is cut off");
      expect(await clouds.writes()).toEqual([]);
    },
    TIMEOUT,
  );
});
