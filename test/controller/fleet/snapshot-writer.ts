import { createFleetCache, loadFleet } from "../../../controller/fleet/load.ts";
import { SnapshotFolder } from "../../../controller/fleet/snapshots.ts";
import { openRepo } from "../../../controller/repo/repo.ts";
import { clouds } from "./fleet.ts";

/** A process that writes the snapshot of a commit over and over: `snapshot-writer.ts FLEET COMMIT FOLDER`. */
const [fleetDir = "", commit = "", dir = ""] = process.argv.slice(2);
const repo = await openRepo(fleetDir);
const cache = createFleetCache();
await loadFleet(repo, commit, { clouds }, cache);
console.log("begins");
for (;;) {
  const snapshots = new SnapshotFolder(dir, (text) => console.error(text));
  snapshots.keep(commit, cache.parsed.last!);
  await snapshots.settled();
}
