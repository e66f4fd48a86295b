import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { stopEmbedded } from "../../controller/store/embedded.ts";
import { Clouds, isCreate } from "./clouds.ts";
import { ended, Fleet, server } from "./fleet.ts";
import { canMount, SmallDisk } from "./small-disk.ts";

/**
 * The disk of the data folder is full: the database, the states and the engine's files are on it. It is a real file system; where none may be mounted
 * (not Linux, not root, a closed container), these tests skip.
 */
const TIMEOUT = 300_000;
const MEBIBYTES = 400;

let clouds: Clouds;
let fleet: Fleet;
let disk: SmallDisk;

const add = (name: string): void => {
  fleet.write({ [`servers/${name}.yaml`]: server("linode", name, { keys: [] }) });
  fleet.commit(`Add ${name}`);
};
const names = async () => (await clouds.servers()).map(({ name }) => name).sort();

describe.skipIf(!canMount())("a full disk", () => {
  beforeAll(async () => {
    clouds = await Clouds.start();
    fleet = new Fleet(clouds, { id: "full" });
    disk = new SmallDisk(fleet.dataDir, MEBIBYTES);
    add("web-1");
    await fleet.converge();
  }, TIMEOUT);

  afterAll(async () => {
    if (fleet !== undefined) await stopEmbedded(fleet.dataDir);
    disk?.close();
    await fleet?.close();
    await clouds?.close();
  }, TIMEOUT);

  it(
    "begins nothing, says so, and goes on when there is room",
    async () => {
      add("web-2");
      await clouds.forgetCalls();
      disk.fill();

      const refused = await fleet.run(["apply", "--yes"]);
      const asked = await clouds.writes();
      disk.empty();
      await fleet.converge();

      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain("DISK_FULL");
      expect(refused.stderr).toContain(`the disk of ${fleet.dataDir} is full: 0 MiB are free and 64 MiB are needed`);
      expect(asked).toEqual([]);
      expect(await names()).toEqual(["web-1", "web-2"]);
    },
    TIMEOUT,
  );

  it(
    "that fills up in mid-run costs no machine: its state is put back, and what was made is found",
    async () => {
      const create = { method: "POST", path: "^/v4/linode/instances$" };
      await clouds.of("linode").fault({ match: create, times: 1, action: { kind: "delay", ms: 1500 } });
      await clouds.forgetCalls();
      add("web-3");
      const child = fleet.start(["apply", "--yes"]);
      const end = ended(child);
      await new Promise<void>((resolve) => {
        child.stderr!.on("data", (text) => String(text).includes("create started") && resolve());
      });

      // Again and again: what others give back must not be room for a state.
      disk.fill();
      const filling = setInterval(() => disk.fill(), 5);
      const broken = await end.finally(() => clearInterval(filling));
      const there = await names();
      disk.empty();
      const mended = await fleet.apply("--yes");

      expect(broken.code).toBe(1);
      expect(there).toEqual(["web-1", "web-2", "web-3"]);
      expect(mended).toMatchObject({ code: 0, failed: 0 });
      expect(await names()).toEqual(there);
      expect((await clouds.writes()).filter(isCreate)).toHaveLength(1);
      expect((await fleet.preview("--full")).effects).toEqual([]);
    },
    TIMEOUT,
  );
});
