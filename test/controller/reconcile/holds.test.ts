import { describe, expect, it } from "vitest";
import { workOf } from "../../../controller/reconcile/effects.ts";
import { partHeld, timeHolds } from "../../../controller/reconcile/holds.ts";
import type { MatchedAccount } from "../../../controller/reconcile/match.ts";
import type { OpenReshard } from "../../../controller/reconcile/reshard-open.ts";
import type { Work } from "../../../controller/reconcile/types.ts";
import type { AccountSpec, FirewallSpec, MaintenanceWindow, ServerSpec, StackObject } from "../../../resources/spec.ts";
import { createMemoryCloud } from "../../memory/cloud.ts";
import { accountSpec, accountsOf, appliedOf, desiredOf, firewallSpec, serverSpec } from "./specs.ts";
import { workFor } from "./works.ts";

/** A Wednesday. */
const NOW = Date.parse("2026-11-25T12:00:00Z");
const reason = "under repair";
const suspend = { reason };
const FRIDAY: MaintenanceWindow = { days: ["fri"], from: "22:00", to: "04:00", timezone: "Europe/Berlin" };
const { capabilities } = createMemoryCloud().cloud;

interface Case {
  works: Work[];
  accounts?: AccountSpec[];
  outsideWindow?: true;
  open?: Record<string, { outsideWindow?: boolean }>;
  policies?: [string, StackObject][];
  resharding?: Record<string, OpenReshard>;
  /** `objectKey` of what a pull request holds. */
  ahead?: string[];
}

function part({
  works,
  accounts = [accountSpec("linode-main")],
  outsideWindow,
  open = {},
  policies = [],
  resharding = {},
  ahead = [],
}: Case) {
  const matched = accountsOf(...accounts);
  const byIdentity = new Map<string, MatchedAccount>(
    [...matched.values()].map((account) => [account.identity, account]),
  );
  const { free, held } = partHeld(works, {
    desired: { accounts: matched, byIdentity },
    policies: new Map(policies),
    overrides: { allowReplace: [], ...(outsideWindow && { outsideWindow }) },
    open: new Map(Object.entries(open)),
    resharding: new Map(Object.entries(resharding)),
    ahead: new Map(ahead.map((key) => [key, { by: "pull-request", what: "change c-1", reason }])),
    now: NOW,
  });
  const name = ({ effect: { object } }: Work) => object.name;
  return {
    free: free.map(name),
    held: Object.fromEntries(
      held.map(({ work, holds }) => [name(work), holds.map(({ by, what }) => `${by}: ${what}`)]),
    ),
    holds: held.flatMap(({ holds }) => holds),
  };
}

const labelled = (name: string, over: Partial<ServerSpec> = {}) =>
  workFor(
    serverSpec(name, { account: over.account ?? "linode-main" }),
    serverSpec(name, { labels: { a: "b" }, ...over }),
  );

function firewallWork(before: FirewallSpec | undefined, after: FirewallSpec | undefined): Work {
  const { name, account } = (after ?? before)!;
  const applied = before && appliedOf(before);
  const match = {
    key: `Firewall/${account}/${name}`,
    identity: name,
    account,
    stack: `${account}.base`,
    ...(applied && { applied }),
    ...(after && { desired: desiredOf(after) }),
  };
  return workOf(match, { fleetId: "f", capabilities })!;
}

describe("a suspension", () => {
  it("of a server holds that server", () => {
    expect(part({ works: [labelled("a", { suspend }), labelled("b")] })).toMatchObject({
      free: ["b"],
      holds: [{ by: "suspend", what: "server a", reason }],
    });
  });

  it("of an account holds all that it has, and nothing elsewhere", () => {
    const works = [labelled("a"), labelled("b", { account: "do-main" }), firewallWork(undefined, firewallSpec("web"))];
    const accounts = [accountSpec("linode-main", { suspend }), accountSpec("do-main")];

    expect(part({ works, accounts })).toMatchObject({
      free: ["b"],
      held: { a: ["suspend: account linode-main"], web: ["suspend: account linode-main"] },
    });
  });

  it("of a stack holds what lives there", () => {
    const works = [labelled("a"), { ...labelled("b"), stack: "linode-main.1" }];
    const accounts = [accountSpec("linode-main", { cells: 2, suspendStacks: { 0: suspend } })];
    const applied = { ...works[1]!.applied!, stack: "linode-main.1" };

    expect(part({ works: [works[0]!, { ...works[1]!, applied }], accounts })).toMatchObject({
      free: ["b"],
      held: { a: ["suspend: stack linode-main.0"] },
    });
  });

  it("holds a move to another account at both ends", () => {
    const move = workFor(serverSpec("a"), serverSpec("a", { account: "do-main" }));
    const [here, there] = [accountSpec("linode-main"), accountSpec("do-main")];

    expect(part({ works: [move], accounts: [{ ...here, suspend }, there] }).free).toEqual([]);
    expect(part({ works: [move], accounts: [here, { ...there, suspend }] }).free).toEqual([]);
    expect(part({ works: [move], accounts: [here, there] }).free).toEqual(["a"]);
  });

  it("outlives the file of its server, as the last commit had it", () => {
    const removal = workFor(serverSpec("a", { suspend }), undefined);
    const key = "Server/linode-main/a";

    expect(part({ works: [removal] }).held).toEqual({ a: ["suspend: server a"] });
    expect(part({ works: [removal], policies: [[key, serverSpec("a")]] }).free).toEqual(["a"]);
    const bare = workFor(serverSpec("a"), undefined);
    expect(part({ works: [bare], policies: [[key, serverSpec("a", { suspend })]] }).free).toEqual([]);
  });

  it("is not lifted by what lifts a window", () => {
    expect(part({ works: [labelled("a", { suspend })], outsideWindow: true }).free).toEqual([]);
  });
});

describe("a reshard that is not complete", () => {
  it("holds the account's servers, whatever lifts a window, and neither what they share nor other accounts", () => {
    const works = [labelled("a"), labelled("b", { account: "do-main" }), firewallWork(undefined, firewallSpec("web"))];
    const accounts = [accountSpec("linode-main"), accountSpec("do-main")];
    const open = { cells: 3, run: "", since: "2026-11-25T11:59:00.000Z" };
    const { free, held, holds } = part({ works, accounts, outsideWindow: true, resharding: { "linode-main": open } });

    expect(free.sort()).toEqual(["b", "web"]);
    expect(held).toEqual({ a: ["reshard: account linode-main"] });
    expect(holds[0]!.reason).toContain("`fleetwright reshard linode-main` goes on with it");
    expect(Date.parse(holds[0]!.until!)).toBeGreaterThan(NOW);
  });
});

describe("a window and a freeze", () => {
  const closed = [accountSpec("linode-main", { windows: [FRIDAY] })];

  it("hold what is outside, with the time from which on it may be done", () => {
    expect(part({ works: [labelled("a")], accounts: closed }).holds).toEqual([
      {
        by: "window",
        what: "account linode-main",
        reason: "outside its maintenance windows",
        until: "2026-11-27T21:00:00.000Z",
      },
    ]);
  });

  it("let go on what is inside, or after its end", () => {
    const noon = { ...FRIDAY, days: ["wed" as const], from: "12:00", to: "14:00" };

    expect(timeHolds(accountSpec("a", { windows: [FRIDAY, noon] }), NOW)).toEqual([]);
    expect(timeHolds(accountSpec("a", { freeze: { until: "2026-11-25", reason } }), NOW)).toEqual([]);
    expect(timeHolds(accountSpec("a", { freeze: { until: "2026-11-25T13:00:00+01:00", reason } }), NOW)).toEqual([]);
  });

  it.each([
    { until: "2026-11-26", windows: [], opens: "2026-11-26T00:00:00.000Z" },
    { until: "2026-11-25T13:00:01+01:00", windows: [], opens: "2026-11-25T12:00:01.000Z" },
    { until: "2026-11-26", windows: [FRIDAY], opens: "2026-11-27T21:00:00.000Z" },
    { until: "2026-11-28T01:00:00Z", windows: [FRIDAY], opens: "2026-11-28T01:00:00.000Z" },
    { until: "2026-11-28T03:00:00Z", windows: [FRIDAY], opens: "2026-12-04T21:00:00.000Z" },
  ])("hold until both are over: frozen until $until, opens $opens", ({ until, windows, opens }) => {
    expect(timeHolds(accountSpec("a", { freeze: { until, reason }, windows }), NOW)).toEqual([
      { by: "freeze", what: "account a", reason, until: opens },
    ]);
  });

  it("are lifted by whoever approves, for good in the approval, and the effect says so", () => {
    const work = labelled("a");
    const again = labelled("a");

    expect(part({ works: [work], accounts: closed, outsideWindow: true }).free).toEqual(["a"]);
    expect(work.outsideWindow).toBe(true);
    expect(work.effect.notes).toEqual(["account linode-main: outside its maintenance windows; done all the same"]);
    expect(part({ works: [again], accounts: closed, open: { [again.effect.hash]: {} } }).free).toEqual([]);
    const open = { [again.effect.hash]: { outsideWindow: true } };
    expect(part({ works: [again], accounts: closed, open }).free).toEqual(["a"]);
  });

  it("leave no trace in what they do not concern", () => {
    const work = labelled("a");

    part({ works: [work], outsideWindow: true });

    expect(work.outsideWindow).toBeUndefined();
    expect(work.effect.notes).toEqual([]);
  });
});

describe("what depends on something that is held", () => {
  const firewalls = ["web"];
  const accounts = [accountSpec("linode-main", { suspendStacks: { base: suspend } })];

  it("waits for a firewall that is to be made, and not for one that is only changed", () => {
    const server = labelled("a", { firewalls });
    const made = firewallWork(undefined, firewallSpec("web"));
    const changed = firewallWork(firewallSpec("web"), firewallSpec("web", { inboundPolicy: "accept" }));

    expect(part({ works: [server, labelled("b"), made], accounts })).toMatchObject({
      free: ["b"],
      held: { a: ["dependency: firewall web"] },
    });
    expect(part({ works: [server, changed], accounts }).free).toEqual(["a"]);
  });

  it("waits for one in its own region only", () => {
    const made = firewallWork(undefined, firewallSpec("web@us-east", { region: "us-east" }));
    const works = [labelled("a", { firewalls }), labelled("b", { firewalls, region: "eu-west" }), made];

    expect(part({ works, accounts }).free).toEqual(["b"]);
  });

  it("keeps a firewall that a held server is still behind", () => {
    const leaves = (over = {}) => workFor(serverSpec("a", { firewalls }), serverSpec("a", over));
    const removal = firewallWork(firewallSpec("web"), undefined);

    expect(part({ works: [leaves({ suspend }), removal] })).toMatchObject({
      free: [],
      held: { web: ["dependency: server a"] },
    });
    expect(part({ works: [leaves(), removal] }).free).toEqual(["a", "web"]);
    expect(part({ works: [labelled("b", { suspend }), removal] }).free).toEqual(["web"]);
  });
});

describe("a pull request that was executed before its merge", () => {
  it("holds its servers, under the names of before and after, and what needs its firewalls; no window that is lifted lifts that", () => {
    const renamed = workFor(serverSpec("a"), serverSpec("a-2", { formerly: ["a"] }));
    const behind = workFor(serverSpec("c"), serverSpec("c", { firewalls: ["web"] }));
    const works = [renamed, labelled("b"), behind, firewallWork(undefined, firewallSpec("web"))];

    const { free, held } = part({ works, ahead: ["Server//a", "Firewall/linode-main/web"], outsideWindow: true });

    expect(free).toEqual(["b"]);
    expect(held).toEqual({
      "a-2": ["pull-request: change c-1"],
      web: ["pull-request: change c-1"],
      c: ["dependency: firewall web"],
    });
  });
});
