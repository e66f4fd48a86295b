import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AuthenticationError, type Provider, type ProviderManager } from "../../../controller/capsule/index.ts";
import { failing, Place } from "./place.ts";

/** Snapshots by the library and its commands, on a simulated cloud with real git, database and engine. */
const TIMEOUT = 300_000;

let place: Place;
let manager: ProviderManager;
let digitalocean: Provider;

beforeAll(async () => {
  place = await Place.open("digitalocean", "hivelocity");
  manager = place.manager();
  digitalocean = await manager.get_provider("digitalocean");
}, TIMEOUT);
afterAll(async () => await place?.close());

/** A commit of somebody with the repository. */
function edit(path: string, change: (text: string) => string): void {
  const file = join(place.fleet, path);
  writeFileSync(file, change(readFileSync(file, "utf8")));
  place.git("-c", "user.name=Ada", "-c", "user.email=ada@example.org", "commit", "-qam", `Change ${path}`);
}

describe("snapshots of machines by templates", () => {
  it(
    "are taken, listed beside those of others, and removed, each as a commit of the fleet",
    async () => {
      const { id } = await digitalocean.deploy("do-basic-1", { name: "edge" });
      const foreign = await place.of("digitalocean").addForeign({ name: "of-somebody" });
      const headers = { authorization: `Bearer ${place.key("digitalocean")}`, "content-type": "application/json" };
      const body = JSON.stringify({ type: "snapshot", name: "by hand" });
      await fetch(`${place.url("digitalocean")}/v2/droplets/${foreign.id}/actions`, { method: "POST", headers, body });

      const taken = await digitalocean.create_snapshot(id, "Before upgrade");

      expect(taken).toMatchObject({
        name: "before-upgrade",
        snapshot: "before-upgrade",
        status: "available",
        instance_id: id,
        managed: true,
        change: expect.stringMatching(/^c-/),
      });
      expect(place.git("log", "-1", "--format=%s")).toBe("Take the snapshot before-upgrade of edge");
      const listed = await digitalocean.list_snapshots();
      expect(listed.map(({ name, managed }) => `${name} ${managed}`).sort()).toEqual([
        "before-upgrade true",
        "by hand false",
      ]);
      const theirs = listed.find(({ managed }) => !managed)!;
      expect(await failing(digitalocean.create_snapshot(foreign.id, "mine"))).toMatchObject({ status_code: 409 });
      expect(await failing(digitalocean.delete_snapshot(theirs.id))).toMatchObject({ status_code: 409 });
      expect(await failing(digitalocean.delete_snapshot("1"))).toMatchObject({ status_code: 404 });
      const hivelocity = await manager.get_provider("hivelocity");
      expect(await failing(hivelocity.list_snapshots())).toMatchObject({ status_code: 400 });

      const removed = await place.run(
        "bin/fleetwright.ts",
        ...["capsule", "delete-snapshot", "digitalocean", taken.id, "--json"],
      );

      expect(removed.stderr).toBe("");
      expect(JSON.parse(removed.stdout)).toMatchObject({ id: taken.id, status: "deleted" });
      expect((await digitalocean.list_snapshots()).map(({ name }) => name)).toEqual(["by hand"]);
      const again = await place.run(
        "bin/fleetwright.ts",
        ...["capsule", "snapshot", "digitalocean", id, "--name", "again", "--json"],
      );
      expect(JSON.parse(again.stdout)).toMatchObject({ snapshot: "again", instance_id: id, managed: true });
    },
    TIMEOUT,
  );

  it(
    "need a policy that names them, and a guard's leave to go",
    async () => {
      const snapshot = (await digitalocean.list_snapshots()).find(({ managed }) => managed)!;
      const path = place.git("ls-files", "snapshots/*again.yaml");
      edit(path, (text) => `${text}protect: true\n`);

      expect(await failing(digitalocean.delete_snapshot(snapshot.id))).toMatchObject({ status_code: 409 });

      edit("fleet.yaml", (text) => text.replace(/\n\s+- snapshot/, ""));
      const refused = await failing(digitalocean.create_snapshot(snapshot.instance_id, "third"));
      expect(refused).toBeInstanceOf(AuthenticationError);
      expect(refused.message).toContain("snapshot");
      expect((await digitalocean.list_snapshots()).map(({ name }) => name).sort()).toEqual(["again", "by hand"]);
    },
    TIMEOUT,
  );
});
