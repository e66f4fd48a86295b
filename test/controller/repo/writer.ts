import { readFileSync } from "node:fs";
import { createFleetCache } from "../../../controller/fleet/load.ts";
import { CommitQueue, type EditRequest } from "../../../controller/repo/queue.ts";
import { openRepo } from "../../../controller/repo/repo.ts";
import { openStore } from "../../../controller/store/open.ts";
import { clouds } from "../../../resources/registry.ts";

/** A process that has requests committed: `writer.ts FLEET DATA FILE`. Its parent has git kill it on the way. */
const [fleetDir, dataDir, requests] = process.argv.slice(2) as [string, string, string];
const store = await openStore({ dataDir, keepRunning: true });
const repo = await openRepo(fleetDir);
const { parsed } = createFleetCache();
const sleep = async () => undefined;
const queue = new CommitQueue({ repo, store, clouds, parsed, now: Date.now, sleep });
await Promise.all(
  (JSON.parse(readFileSync(requests, "utf8")) as EditRequest[]).map((request) => queue.submit(request)),
);
await repo.close();
await store.close();
