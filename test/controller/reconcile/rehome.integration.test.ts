import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readDesired } from "../../../controller/reconcile/desired.ts";
import { holderName } from "../../../controller/reconcile/leases.ts";
import { type RehomeOptions, rehome } from "../../../controller/reconcile/rehome.ts";
import { CommitQueue } from "../../../controller/repo/queue.ts";
import { openStore } from "../../../controller/store/open.ts";
import type { Store } from "../../../controller/store/types.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { catalog, size } from "../catalog/sale.ts";
import { makeDataDir, removeDataDir } from "../store/support.ts";
import { memoryController } from "./controller.ts";
import { makeRepository, type Repository } from "./repository.ts";

const { signal } = new AbortController();
const author = { name: "Ada", email: "ada@example.org" };
const ENDED = "ended: {on: 2026-06-30, note: closed}\n";
const account = (name: string, more = "") =>
  `kind: Account\nname: ${name}-main\nprovider: ${name}\ncredentials: {token: {env: FLEETWRIGHT_T}}\n${more}`;
const server = (name: string, rest: string) => `kind: Server\nname: ${name}\n${rest}`;
const OLD = "account: old-main # bought in 2019\nsize: old-2\nregion: east\nimage: debian_12\n";

let dataDir: string;
let store: Store;
let repository: Repository;
let sales: Record<string, ReturnType<typeof catalog>>;

beforeAll(async () => {
  dataDir = makeDataDir();
  store = await openStore({ dataDir });
}, 60_000);
afterAll(async () => {
  await store.close();
  await removeDataDir(dataDir);
});
beforeEach(async () => {
  const images = (name: string) => ({ images: [{ name, title: name }] });
  sales = {
    old: catalog([size("old-2", { vcpus: 2, memoryMiB: 2048, pricePerMonthMicro: 10_000_000 })], images("debian_12")),
    one: catalog(
      [size("one-1"), size("one-2", { vcpus: 2, memoryMiB: 4096, pricePerMonthMicro: 12_000_000 })],
      images("one/debian12"),
    ),
    two: catalog(
      [size("two-2", { vcpus: 2, memoryMiB: 2048, pricePerMonthMicro: 14_000_000 })],
      images("debian-12-x64"),
    ),
  };
  repository = await makeRepository();
  repository.commit({
    "fleet.yaml": "kind: Fleet\nid: f\n",
    "accounts/old.yaml": account("old"),
    "accounts/one.yaml": account("one"),
    "accounts/two.yaml": account("two"),
    "servers/web-1.yaml": server("web-1", `${OLD}labels: {role: web}\n`),
  });
  return async () => await repository.close();
});

function controller() {
  const clouds = ["old", "one", "two"].map((name) => {
    const { cloud } = createMemoryCloud({ name });
    const capabilities = { ...cloud.capabilities, backups: name !== "one" };
    return [name, { ...cloud, capabilities, catalog: async () => sales[name]! }] as const;
  });
  const made = memoryController(createMemoryCloud(), store);
  const now = () => Date.parse("2026-07-15T00:00:00Z");
  const parts = {
    ...made,
    repo: repository.repo,
    clouds: Object.fromEntries(clouds),
    holder: holderName(process.pid),
    now,
  };
  return { ...parts, commits: new CommitQueue({ ...parts, parsed: made.loaded.parsed }) };
}

async function rehoming(options: Partial<RehomeOptions> = {}) {
  // Every test has prices of its own.
  for (const name of ["old", "one", "two"]) await store.cacheCatalog(`${name}-main`, "sale", "none", {});
  return await rehome(controller(), { author, signal, ...options });
}

describe("rehoming servers", () => {
  it("has nothing to propose while nothing ends", async () => {
    expect(await rehoming()).toMatchObject({ moves: [], refused: [] });
  });

  it("proposes the cheapest home with as much, the same system and the difference, and writes nothing", async () => {
    repository.commit({ "accounts/old.yaml": account("old", ENDED) });
    const head = await repository.repo.head();
    const { moves, cost, commit } = await rehoming();

    expect(moves).toMatchObject([
      {
        name: "web-1",
        why: "the account old-main has ended on 2026-06-30",
        from: { account: "old-main", size: "old-2" },
        to: { account: "one-main", region: "east", size: "one-2", image: "one/debian12" },
        cost: { before: { monthlyMicro: 10_000_000 }, after: { monthlyMicro: 12_000_000 } },
        dataLoss: true,
      },
    ]);
    expect(cost.before[0]?.monthlyMicro).toBe(10_000_000);
    expect(cost.after[0]?.monthlyMicro).toBe(12_000_000);
    expect([commit, await repository.repo.head()]).toEqual([undefined, head]);
  });

  it("changes only the lines that it means, in one commit for all, and the fleet stays valid", async () => {
    repository.commit({
      "accounts/old.yaml": account("old", ENDED),
      "servers/web-2.yaml": server("web-2", `${OLD}backups: true\nadopt: "17"\nprovider: {old: 1}\n`),
    });
    const { commit, moves } = await rehoming({ to: "one-main/west", commit: true });

    expect(moves).toHaveLength(2);
    expect(repository.git("rev-list", "--count", "HEAD")).toBe("4");
    expect(repository.read("servers/web-1.yaml")).toBe(
      server(
        "web-1",
        "account: one-main # bought in 2019\nsize: one-2\nregion: west\nimage: one/debian12\nlabels: {role: web}\n",
      ),
    );
    expect(repository.read("servers/web-2.yaml")).toBe(
      server("web-2", "account: one-main # bought in 2019\nsize: one-2\nregion: west\nimage: one/debian12\n"),
    );
    expect(moves[1]?.notes).toEqual([
      "`provider` goes: Memory has its own",
      "`backups` goes: Memory has no switch for it",
    ]);
    expect(repository.git("log", "-1", "--format=%s")).toBe("Move 2 servers to one-main");
    expect((await readDesired(controller(), commit!, signal)).objects).toHaveLength(2);
  });

  it("keeps a customer's plan where it is sold, also when a bare size would cost less", async () => {
    repository.commit({
      "accounts/old.yaml": account("old", ENDED),
      "plans/start.yaml":
        "kind: Plan\nname: start\nvcpus: 2\nmemoryMiB: 2048\ndiskGiB: 25\nbasePrice: 20\nsizes: {old: old-2, two: two-2}\n",
      "servers/web-1.yaml": server("web-1", OLD.replace("size: old-2", "plan: start")),
    });
    const { moves, price } = await rehoming();

    expect(moves[0]?.to).toMatchObject({ account: "two-main", plan: "start", size: "two-2", image: "debian-12-x64" });
    expect([price.before[0]?.monthlyMicro, price.after[0]?.monthlyMicro]).toEqual([20_000_000, 20_000_000]);
  });

  it("leaves a plan that has ended for another that fits, on the account that the server has", async () => {
    const plan = (name: string, size: string, more: string) =>
      `kind: Plan\nname: ${name}\nvcpus: 1\nmemoryMiB: 1024\ndiskGiB: 25\nbasePrice: 9\nsizes: {one: ${size}}\n${more}`;
    repository.commit({
      "plans/gone.yaml": plan("gone", "one-1", ENDED),
      "plans/next.yaml": plan("next", "one-2", ""),
      "servers/web-1.yaml": server("web-1", "account: one-main\nplan: gone\nregion: east\nimage: one/debian12\n"),
    });
    const { moves } = await rehoming();

    expect(moves).toMatchObject([{ to: { account: "one-main", region: "east", plan: "next" }, dataLoss: false }]);
  });

  it("leaves a region for another of the same account, and for another account only when there is none", async () => {
    const onOne = server("web-1", "account: one-main\nsize: one-1\nregion: west\nimage: one/debian12\n");
    repository.commit({ "servers/web-1.yaml": onOne });
    expect((await rehoming({ region: "west" })).moves).toMatchObject([
      { to: { account: "one-main", region: "east", size: "one-1" }, dataLoss: true },
    ]);

    repository.commit({ "accounts/one.yaml": account("one", "regions: [west]\n") });
    expect((await rehoming({ region: "west" })).moves).toMatchObject([{ to: { account: "old-main", region: "east" } }]);
  });

  it("says why a server finds no home, and which image would help", async () => {
    repository.commit({
      "servers/web-1.yaml": server("web-1", OLD.replace("debian_12", "our-own")),
      "servers/web-2.yaml": server("web-2", OLD),
    });
    const { refused, moves } = await rehoming({ account: "old-main", to: "one-main" });

    expect(refused).toEqual([
      { name: "web-1", reason: "there is no image like our-own on one-main: --image says which" },
    ]);
    expect(moves).toHaveLength(1);
    expect((await rehoming({ account: "old-main", to: "one-main", image: "one/debian12" })).moves).toHaveLength(2);
    sales.one = catalog([size("one-1")], { images: sales.one!.images });
    expect((await rehoming({ account: "old-main", to: "one-main" })).refused.at(-1)?.reason).toBe(
      "nothing in stock on one-main has 2 vCPU, 2 GiB memory, 25 GiB disk",
    );
  });
});
