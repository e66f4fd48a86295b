import { mkdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type OpenController, openController } from "../../controller/open.ts";
import { callOn, cloudOf } from "../../controller/reconcile/context.ts";
import { readDesired } from "../../controller/reconcile/desired.ts";
import { findFleetDrift } from "../../controller/reconcile/drift.ts";
import { execute } from "../../controller/reconcile/execute.ts";
import { prepare } from "../../controller/reconcile/preview.ts";
import { clouds as all } from "../../resources/registry.ts";
import { standinPath } from "../../simulators/standins/index.ts";
import { Clouds } from "./clouds.ts";
import { ACCOUNT, accountFile, Fleet, server } from "./fleet.ts";

/**
 * One account whose limits bind, with everything at once: a large apply, drift passes one after the other, and people who look at machines from a process of
 * their own. The cloud enforces its limits, ten times as fast as in life; the account's budget is scaled alike.
 */
const TIMEOUT = 300_000;
const SERVERS = 200;
const SCALE = 10;
/** Whoever looks at one machine is answered by then, whatever else is under way. */
const PERSON_MS = 15_000;
const CLOUD = "digitalocean";
const BY_POLICY = { by: "a test" };
const never = new AbortController().signal;

let clouds: Clouds;
let fleet: Fleet;
/** Two processes of one data folder share their budgets through its database; these two know as little of each other. */
let service: OpenController;
let person: OpenController;

const open = () =>
  openController({
    fleetDir: fleet.dir,
    dataDir: fleet.dataDir,
    environment: { ...process.env, ...fleet.environment },
    standIns: standinPath(),
  });

beforeAll(async () => {
  clouds = await Clouds.start({ rateScale: SCALE });
  fleet = new Fleet(clouds, { id: "crowd", fleet: { approval: "auto" } });
  const budgets = Object.fromEntries(
    Object.entries(all[CLOUD].limits).map(([scope, { limit, windowMs }]) => {
      const burst = Math.floor(limit * 0.95);
      return [scope, { burst, perSecond: (burst * SCALE * 1000) / windowMs }];
    }),
  );
  fleet.write({
    [`accounts/${ACCOUNT[CLOUD]}.yaml`]: { ...accountFile(clouds, CLOUD, 2), budgets },
    "servers/first.yaml": server(CLOUD, "first", { keys: [] }),
  });
  fleet.commit("Begin");
  mkdirSync(fleet.dataDir, { mode: 0o711 });
  service = await open();
  await execute(service, { preview: { commit: "HEAD" }, approved: BY_POLICY, signal: never });
  person = await open();
}, TIMEOUT);

afterAll(async () => {
  await person?.close();
  await service?.close();
  await fleet?.close();
  await clouds?.close();
});

describe("an apply of 200 servers, drift passes and people at once", () => {
  it(
    "never ask more than the cloud allows, and people are answered while the rest goes on",
    async () => {
      for (let index = 0; index < SERVERS; index++)
        fleet.write({ [`servers/web-${index}.yaml`]: server(CLOUD, `web-${index}`, { keys: [] }) });
      fleet.commit("Two hundred");
      await clouds.forgetCalls();
      const { id } = await clouds.server("first");
      const desired = await readDesired(person, "HEAD", never);
      const { spec } = desired.byIdentity.get(ACCOUNT[CLOUD]) ?? [...desired.byIdentity.values()][0]!;

      let isApplying = true;
      const waits: number[] = [];
      let passes = 0;
      const applying = (async () => {
        const prepared = await prepare(service, { commit: "HEAD", signal: never });
        return await execute(service, {
          preview: { commit: "HEAD" },
          prepared,
          approved: BY_POLICY,
          signal: never,
        });
      })().finally(() => {
        isApplying = false;
      });
      const passing = (async () => {
        for (; isApplying; passes++) {
          expect(await findFleetDrift(service, desired, never)).not.toContainEqual(
            expect.objectContaining({ error: expect.anything() }),
          );
          await sleep(200);
        }
      })();
      const asking = (async () => {
        const cloud = cloudOf(person, CLOUD);
        for (; isApplying; await sleep(300)) {
          const askedAt = performance.now();
          await cloud.observe(id, callOn(person, spec, AbortSignal.timeout(PERSON_MS)));
          waits.push(performance.now() - askedAt);
        }
      })();
      const done = await applying;
      await Promise.all([passing, asking]);

      const calls = await clouds.of(CLOUD).calls();
      expect(done).toMatchObject({ converged: SERVERS, failed: 0 });
      expect(calls.filter(({ status }) => status === 429)).toEqual([]);
      expect(await clouds.servers()).toHaveLength(SERVERS + 1);
      expect(passes).toBeGreaterThan(1);
      expect(waits.length).toBeGreaterThan(1);
    },
    TIMEOUT,
  );
});
