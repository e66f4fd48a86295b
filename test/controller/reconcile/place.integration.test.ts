import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readDesired } from "../../../controller/reconcile/desired.ts";
import { holderName } from "../../../controller/reconcile/leases.ts";
import { type PlaceOptions, place } from "../../../controller/reconcile/place.ts";
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
    one: catalog([size("one-s"), size("one-m", { vcpus: 2, pricePerMonthMicro: 12_000_000 })], images("one/debian12")),
    two: catalog([size("two-s", { pricePerMonthMicro: 6_000_000 })], images("debian-12-two")),
  };
  repository = await makeRepository();
  const account = (name: string) =>
    `kind: Account\nname: ${name}-main\nprovider: ${name}\ncredentials: {token: {env: FLEETWRIGHT_T}}\n`;
  repository.commit({
    "fleet.yaml": "kind: Fleet\nid: f\n",
    "accounts/one.yaml": account("one"),
    "accounts/two.yaml": account("two"),
    "servers/web-9.yaml": WEB,
  });
  return async () => await repository.close();
});

const WEB = `kind: Server
name: web-9
placement: cheapest
needs:
  vcpus: 1 # one will do
  images: {one: one/debian12, two: debian-12-two}
labels: {role: web}
`;

function controller() {
  const [one, two] = ["one", "two"].map((name) => {
    const memory = createMemoryCloud({ name });
    return { ...memory.cloud, catalog: async () => sales[name]! };
  });
  const made = memoryController(createMemoryCloud(), store);
  const clouds = { one: one!, two: two! };
  return {
    ...made,
    repo: repository.repo,
    commits: new CommitQueue({ ...made, repo: repository.repo, clouds, parsed: made.loaded.parsed }),
    clouds,
    holder: holderName(process.pid),
    now: Date.now,
  };
}

async function placing(options: Partial<PlaceOptions> = {}) {
  const made = controller();
  // Every test has prices of its own.
  for (const name of ["one-main", "two-main"]) await store.cacheCatalog(name, "sale", "none", {});
  return await place(made, { again: false, move: false, author, signal, ...options });
}

describe("placing servers", () => {
  it("writes the cheapest into the file beside its placement, as one commit that names the runners-up", async () => {
    const { commit, placed } = await placing();

    expect(placed).toMatchObject([{ name: "web-9", choice: { account: "one-main", size: "one-s", region: "east" } }]);
    expect(repository.read("servers/web-9.yaml")).toBe(`kind: Server
name: web-9
account: one-main
size: one-s
placement: cheapest
needs:
  vcpus: 1 # one will do
  images: {one: one/debian12, two: debian-12-two}
region: east
image: one/debian12
labels: {role: web}
`);
    expect(repository.git("log", "-1", "--format=%an %B", commit!)).toContain("Ada Place web-9 on one-main");
    expect(repository.git("log", "-1", "--format=%B")).toContain("before two-s on two-main, 6.00 USD a month");
    expect((await readDesired(controller(), commit!, signal)).objects).toHaveLength(1);
  });

  it("is asked for, at the file's place, by whoever wants to preview a server that is not placed", async () => {
    const wanted = "servers/web-9.yaml:3:12: placement: is not decided yet: run `fleetwright place web-9`";

    await expect(readDesired(controller(), await repository.repo.head(), signal)).rejects.toMatchObject({
      code: "FLEET_INVALID",
      message: wanted,
    });
  });

  it("never changes its mind by itself, and does when it is asked to", async () => {
    await placing();
    sales.one = catalog([size("one-s"), size("one-new", { pricePerMonthMicro: 1_000_000 })], {
      images: sales.one!.images,
    });
    sales.two = catalog([size("two-s", { pricePerMonthMicro: 500_000 })], { images: sales.two!.images });

    expect(await placing()).toMatchObject({ placed: [] });
    await expect(placing({ names: ["web-9"] })).rejects.toMatchObject({ code: "USAGE" });

    const again = await placing({ again: true });
    expect(again.placed[0]).toMatchObject({
      before: { size: "one-s" },
      choice: { account: "one-main", size: "one-new" },
    });
    const moved = await placing({ again: true, move: true });
    expect(moved.placed[0]).toMatchObject({ choice: { account: "two-main", size: "two-s", image: "debian-12-two" } });
    expect((await placing({ again: true })).commit).toBeUndefined();
  });

  it("takes what is in stock, and says of the rest why it could not", async () => {
    sales.one = catalog([size("one-s", { regions: [] })], { images: sales.one!.images });
    repository.commit({ "servers/big.yaml": WEB.replace("web-9", "big-1").replace("vcpus: 1", "vcpus: 64") });

    const { placed, refused } = await placing();

    expect(placed).toMatchObject([{ name: "web-9", choice: { account: "two-main" } }]);
    expect(refused).toEqual([{ name: "big-1", reason: "nothing in stock on any account has 64 vCPU" }]);
  });

  it("writes nothing into a fleet that would not be valid, and nothing when only asked to show", async () => {
    const before = await repository.repo.head();
    expect(await placing({ dryRun: true })).toMatchObject({ placed: [{ name: "web-9" }] });
    expect(await repository.repo.head()).toBe(before);

    repository.commit({ "servers/web-9.yaml": `${WEB}firewalls: [none]\n` });
    await expect(placing()).rejects.toMatchObject({ code: "FLEET_INVALID" });
    expect(repository.read("servers/web-9.yaml")).not.toContain("account");
  });
});
