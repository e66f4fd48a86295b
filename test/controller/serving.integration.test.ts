import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { createLog } from "../../controller/jobs/log.ts";
import { type OpenController, openController } from "../../controller/open.ts";
import { Serving } from "../../controller/serving.ts";
import { standinPath } from "../../simulators/standins/index.ts";
import { Clouds } from "../e2e/clouds.ts";
import { ACCOUNT, Fleet } from "../e2e/fleet.ts";

const TIMEOUT = 120_000;

let clouds: Clouds;
let fleet: Fleet;
let controller: OpenController;
let serving: Serving;
beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "served", fleet: { policies: { dialects: { vps: { servers: 1 } } } } });
  fleet.commit("Begin");
  controller = await openController({
    fleetDir: fleet.dir,
    dataDir: fleet.dataDir,
    environment: { ...process.env, DATABASE_URL: undefined, ...fleet.environment },
    standIns: standinPath(),
  });
  const settings = { branch: "main", pollMs: 200, driftMs: 0, keepDays: 1, retryMs: 1000, retryLimit: 1 };
  serving = await Serving.open(controller, { settings, log: createLog(() => {}, "json") });
  await serving.start({ hostname: "127.0.0.1", port: 0 });
}, TIMEOUT);
afterAll(async () => {
  await serving?.stop();
  await controller?.close();
  await fleet?.close();
  await clouds?.close();
});

const namesOf = async (): Promise<string[]> => {
  const sql = "select name from fleetwright_vps.service_providers order by name";
  const { rows } = await controller.store.jobs.executeSql(sql);
  return (rows as { name: string }[]).map(({ name }) => name);
};

async function until(isSo: (names: string[]) => boolean): Promise<string[]> {
  for (const end = performance.now() + TIMEOUT / 2; performance.now() < end; await sleep(50)) {
    const names = await namesOf();
    if (isSo(names)) return names;
  }
  throw new Error(`the tables have ${await namesOf()}`);
}

it(
  "the document's VPS tables follow each commit of the main line, and rest while the fleet has no policy for them",
  async () => {
    const [linode, other] = [`accounts/${ACCOUNT.linode}.yaml`, `accounts/${ACCOUNT.digitalocean}.yaml`];
    const first = await until((names) => names.length > 0);

    fleet.edit(linode, (text) => `${text}title: Linode in Europe\n`).commit("Give it a title");
    const second = await until((names) => names.includes("Linode in Europe"));
    fleet.write({ [other]: null }).commit("Leave it");
    const third = await until((names) => names.length < second.length);
    fleet.write({ "fleet.yaml": { kind: "Fleet", id: "served" } });
    const commit = fleet.edit(linode, (text) => text.replace("in Europe", "elsewhere")).commit("Without a policy");
    for (; serving.service.desired?.commit !== commit; await sleep(50)) await serving.service.look();

    expect(second).toHaveLength(first.length);
    expect(second).not.toEqual(first);
    expect(third).toEqual(["Linode in Europe"]);
    expect(await namesOf()).toEqual(third);
  },
  TIMEOUT,
);
