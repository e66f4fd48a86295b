import { describe, expect, it } from "vitest";
import type { Desired } from "../../../controller/reconcile/desired.ts";
import { endedBy, endedVerdicts } from "../../../controller/reconcile/ended.ts";
import type { Overrides } from "../../../controller/reconcile/guards.ts";
import type { Work } from "../../../controller/reconcile/types.ts";
import type { Cloud, EndOfLife } from "../../../resources/cloud.ts";
import type { AccountSpec, PlanSpec, ServerSpec } from "../../../resources/spec.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { catalog, size } from "../catalog/sale.ts";
import { accountSpec, accountsOf, serverSpec } from "./specs.ts";
import { workFor } from "./works.ts";

const ENDED: EndOfLife = { on: "2026-06-30", note: "it has been closed" };
const AFTER = "2026-07-01";
const NONE: Overrides = { allowReplace: [] };

interface World {
  cloud?: EndOfLife;
  account?: Partial<AccountSpec>;
  plan?: EndOfLife;
  size?: EndOfLife;
  region?: EndOfLife;
  day?: string;
}

function verdictsOn(works: Work[], world: World, overrides = NONE, open = new Map()) {
  const { cloud } = createMemoryCloud();
  const clouds: Record<string, Cloud> = { memory: world.cloud ? { ...cloud, ended: world.cloud } : cloud };
  const plan = { name: "start", ...(world.plan && { ended: world.plan }) } as PlanSpec;
  const regions = ["here", "there"].map((name) => ({ name, title: name, available: true }));
  if (world.region) Object.assign(regions[0]!, { ended: world.region });
  const sizes = [size("small", world.size ? { ended: world.size } : {}), size("large")];
  const desired = {
    accounts: accountsOf(accountSpec("main", { provider: "memory", ...world.account })),
    catalogs: { main: catalog(sizes, { regions }) },
    plans: [plan],
  } as unknown as Desired;
  const now = () => Date.parse(`${world.day ?? AFTER}T00:00:00Z`);
  return endedVerdicts(works, endedBy({ clouds, now }, works, desired), overrides, open);
}

const server = (over: Partial<ServerSpec> = {}) =>
  serverSpec("web-9", { account: "main", provider: "memory", size: "small", region: "here", ...over });

describe("what has ended", () => {
  it.each<{ what: string; world: World; says: string }>([
    {
      what: "a provider",
      world: { cloud: ENDED },
      says: "web-9 would be new on Memory, which has ended on 2026-06-30 (it has been closed)",
    },
    { what: "an account", world: { account: { ended: ENDED } }, says: "on the account main, which" },
    {
      what: "a region of an account",
      world: { account: { endedRegions: { here: ENDED } } },
      says: "on the region here of main",
    },
    { what: "a region, by its cloud", world: { region: ENDED }, says: "on the region here of main" },
    { what: "a plan", world: { plan: ENDED }, says: "on the plan start" },
    { what: "a size, by its cloud", world: { size: ENDED }, says: "on the size small" },
  ])("refuses a new server on $what, and says what to do", ({ world, says }) => {
    const [verdict, ...more] = verdictsOn([workFor(undefined, server({ plan: "start" }))], world);

    expect(more).toEqual([]);
    expect(verdict).toMatchObject({
      guard: "ended",
      passed: false,
      override: "--allow-ended web-9",
      objects: ["web-9"],
    });
    expect(verdict?.message).toContain(says);
    expect(verdict?.message).toContain("fleetwright rehome");
  });

  it("begins on its day by the clock, and not before", () => {
    const create = [workFor(undefined, server())];

    expect(verdictsOn(create, { cloud: ENDED, day: "2026-06-29" })).toEqual([]);
    expect(verdictsOn(create, { cloud: ENDED, day: "2026-06-30" })).toHaveLength(1);
  });

  it.each([
    { what: "a change of labels", work: () => workFor(server(), server({ labels: { a: "b" } })) },
    { what: "a deletion", work: () => workFor(server(), undefined) },
    { what: "a machine that is taken over", work: () => workFor(undefined, server({ adopt: "17" })) },
    { what: "another size for one that is there", work: () => workFor(server(), server({ size: "large" })) },
  ])("lets $what pass", ({ work }) => {
    expect(verdictsOn([work()], { cloud: ENDED, account: { ended: ENDED, endedRegions: { here: ENDED } } })).toEqual(
      [],
    );
  });

  it("refuses a machine made anew there, which could not be bought again", () => {
    expect(verdictsOn([workFor(server(), server({ rebuild: 1 }))], { cloud: ENDED })).toHaveLength(1);
  });

  it("refuses to give a server a size or a plan that has ended", () => {
    const resize = [workFor(server({ size: "large" }), server({ plan: "start" }))];

    expect(verdictsOn(resize, { plan: ENDED })[0]?.message).toContain("web-9 would get the plan start");
    expect(verdictsOn(resize, { size: ENDED })[0]?.message).toContain("web-9 would get the size small");
  });

  it("passes by name, by a star, and by an open approval that had it", () => {
    const works = [workFor(undefined, server())];
    const passes = (overrides: Overrides, open = new Map()) =>
      verdictsOn(works, { cloud: ENDED }, overrides, open)[0]?.passed;

    expect(passes({ ...NONE, allowEnded: ["web-9"] })).toBe(true);
    expect(passes({ ...NONE, allowEnded: ["*"] })).toBe(true);
    expect(passes({ ...NONE, allowEnded: ["web-8"] })).toBe(false);
    expect(passes(NONE, new Map([[works[0]!.effect.hash, { allowEnded: true }]]))).toBe(true);
  });
});
