import { afterAll, beforeAll, expect, it } from "vitest";
import type { Rehomed } from "../../controller/reconcile/rehome.ts";
import { openStore } from "../../controller/store/open.ts";
import type { Store } from "../../controller/store/types.ts";
import { Clouds } from "./clouds.ts";
import { FIREWALL, Fleet, KEY, server } from "./fleet.ts";

/** An account ends, and its servers go to another cloud, with the real engine. */
const TIMEOUT = 240_000;

let clouds: Clouds;
let fleet: Fleet;
let store: Store;

beforeAll(async () => {
  clouds = await Clouds.start();
  fleet = new Fleet(clouds, { id: "rehome" });
  fleet.write({
    "keys/ops.yaml": KEY,
    "firewalls/web.yaml": FIREWALL,
    "servers/api-1.yaml": server("digitalocean", "api-1", { firewalls: ["web"] }),
  });
  fleet.commit("Begin");
  store = await openStore({ dataDir: fleet.dataDir });
}, TIMEOUT);

afterAll(async () => {
  await store?.close();
  await fleet?.close();
  await clouds?.close();
});

it(
  "moves the servers of an account that has ended to another cloud, by one commit and the usual approval",
  async () => {
    await fleet.converge();
    const account = fleet.read("accounts/do-main.yaml");
    fleet.write({ "accounts/do-main.yaml": `${account}ended: {on: 2026-06-30, note: moved to Linode}\n` });
    fleet.commit("The account ends");

    expect(await fleet.preview()).toMatchObject({ code: 0, effects: [] });
    const proposal = await fleet.json<Rehomed>(["rehome", "--to", "linode-main"]);
    expect(proposal).toMatchObject({
      code: 2,
      moves: [
        {
          name: "api-1",
          to: { account: "linode-main", size: "g6-nanode-1", image: "linode/debian12" },
          dataLoss: true,
        },
      ],
      cost: { before: [{ monthlyMicro: 6_000_000 }], after: [{ monthlyMicro: 5_000_000 }] },
    });

    const written = await fleet.json<Rehomed>(["rehome", "--to", "linode-main", "--commit"]);
    expect(written).toMatchObject({ code: 0, commit: fleet.git("rev-parse", "HEAD") });
    expect(await fleet.apply("--yes")).toMatchObject({ code: 3, error: { code: "GUARD_REFUSED" } });

    await fleet.converge("--allow-replace", "api-1");
    expect((await clouds.servers()).map(({ cloud, name }) => [cloud, name])).toEqual([["linode", "api-1"]]);
    expect(await fleet.preview()).toMatchObject({ code: 0, effects: [] });
    expect(await fleet.json<Rehomed>(["rehome"])).toMatchObject({ code: 0, moves: [] });
  },
  TIMEOUT,
);
