import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { openStore } from "../../controller/store/open.ts";
import type { Store } from "../../controller/store/types.ts";
import { Clouds, isCreate } from "./clouds.ts";
import { Fleet, KEY, server } from "./fleet.ts";

/** What things cost, between a preview and what is executed, with the real engine. */
const TIMEOUT = 180_000;

let clouds: Clouds;
let fleet: Fleet;
let store: Store;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "money" });
  const plan = { kind: "Plan", name: "start", vcpus: 1, memoryMiB: 1024, diskGiB: 25, basePrice: 5, markup: 2.5 };
  fleet.write({
    "keys/ops.yaml": KEY,
    "plans/start.yaml": { ...plan, sizes: { linode: "g6-nanode-1" } },
    "servers/web-1.yaml": server("linode", "web-1", { size: undefined, plan: "start" }),
    "servers/api-1.yaml": server("digitalocean", "api-1"),
  });
  fleet.commit("Begin");
  // As beside a running controller: no command has to start and end the database.
  store = await openStore({ dataDir: fleet.dataDir });
}, TIMEOUT);

afterAll(async () => {
  await store?.close();
  await fleet?.close();
  await clouds?.close();
});

beforeEach(async () => await clouds.forgetCalls());

const creates = async () => (await clouds.writes()).filter(isCreate);

describe("what is bought", () => {
  it(
    "is refused when it costs more than was shown, with the new figure and with nothing done",
    async () => {
      const preview = await fleet.preview();
      await clouds.of("digitalocean").sell("s-1vcpu-1gb", { monthly: 7, hourly: 0.01042 });

      const refused = await fleet.apply("--approve", preview.hash);

      const usd = (monthlyMicro: number, hourlyMicro: number) => [{ monthlyMicro, hourlyMicro, currency: "USD" }];
      expect(preview.cost).toEqual({ before: [], after: usd(11_000_000, 16_430) });
      expect(preview.price).toEqual({ before: [], after: usd(13_500_000, 11_250 + 8_930) });
      expect(refused).toMatchObject({ code: 3, error: { code: "PREVIEW_STALE" } });
      expect(refused.error?.message).toContain("api-1: s-1vcpu-1gb costs 7.00 USD a month (0.01042 an hour) now");
      expect(refused.error?.message).not.toContain("web-1");
      expect(await clouds.writes()).toEqual([]);
    },
    TIMEOUT,
  );

  it(
    "is refused when it has run out meanwhile, the rest of the set with it",
    async () => {
      const preview = await fleet.preview();
      expect(preview.cost.after[0]?.monthlyMicro).toBe(12_000_000);
      await clouds.of("linode").sell("g6-nanode-1", { regions: ["us-ord"] });

      const refused = await fleet.apply("--approve", preview.hash);

      expect(refused).toMatchObject({ code: 1, error: { code: "CLOUD_OUT_OF_STOCK" } });
      expect(refused.error?.message).toContain("web-1: g6-nanode-1 is out of stock in us-east, and in stock in us-ord");
      expect(await clouds.writes()).toEqual([]);
      await clouds.of("linode").sell("g6-nanode-1", { regions: ["us-east", "us-ord"] });
    },
    TIMEOUT,
  );

  it(
    "is bought at the price that was shown",
    async () => {
      const { hash } = await fleet.preview();
      const done = await fleet.apply("--approve", hash);

      expect(done).toMatchObject({ code: 0, failed: 0 });
      expect(await creates()).toHaveLength(2);
    },
    TIMEOUT,
  );
});

describe("an account that has ended", () => {
  it(
    "takes no new server, keeps those it has, and takes one that is meant",
    async () => {
      const account = fleet.read("accounts/linode-main.yaml");
      fleet.write({
        "accounts/linode-main.yaml": `${account}ended: {on: 2026-06-30, note: moved to the other house}\n`,
        "servers/web-2.yaml": server("linode", "web-2"),
      });
      fleet.edit("servers/web-1.yaml", (text) => text.replace("env: test", "env: other"));
      fleet.commit("One more, too late");

      const refused = await fleet.apply("--yes");
      expect(refused).toMatchObject({ code: 3, error: { code: "GUARD_REFUSED" } });
      expect(refused.error?.message).toContain(
        "web-2 would be new on the account linode-main, which has ended on 2026-06-30",
      );
      expect(refused.error?.message).not.toContain("web-1");
      expect(await clouds.writes()).toEqual([]);

      expect(await fleet.apply("--yes", "--allow-ended", "web-2")).toMatchObject({ code: 0, failed: 0 });
      expect((await clouds.server("web-1")).tags).toContain("env:other");
      expect(await creates()).toHaveLength(1);
    },
    TIMEOUT,
  );
});

describe("an account that may cost so much", () => {
  it(
    "takes nothing more at the command line than fits, but for what is meant, and always what lowers it",
    async () => {
      const account = fleet.read("accounts/do-main.yaml");
      fleet.write({
        "accounts/do-main.yaml": `${account}spending: { monthly: { amount: 8, currency: USD }, cap: true }\n`,
        "servers/api-2.yaml": server("digitalocean", "api-2"),
      });
      fleet.commit("One more than fits");

      const { hash, notes } = await fleet.preview();
      const refused = await fleet.apply("--approve", hash);
      expect(notes).toContainEqual(
        expect.stringMatching(/^account do-main: 14\.00 of 8\.00 USD a month.*7\.00 before$/),
      );
      expect(refused).toMatchObject({ code: 3, error: { code: "GUARD_REFUSED" } });
      expect(refused.error?.message).toBe(
        "do-main may cost 8.00 USD a month, and would cost 14.00 with api-2, and costs 7.00 now (--allow-spending do-main says that it is meant)",
      );
      expect(await clouds.writes()).toEqual([]);

      expect(await fleet.apply("--yes", "--allow-spending", "do-main")).toMatchObject({ code: 0, failed: 0 });
      const over = await fleet.json<{ accounts: object[] }>(["spending"]);
      expect(over).toMatchObject({
        code: 2,
        accounts: [{ account: "do-main", committedMicro: 14e6, limitMicro: 8e6 }],
      });
      fleet.write({ "servers/api-2.yaml": null });
      fleet.commit("And away");
      expect(await fleet.apply("--yes")).toMatchObject({ code: 0, failed: 0 });
    },
    TIMEOUT,
  );
});
