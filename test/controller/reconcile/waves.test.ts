import { describe, expect, it } from "vitest";
import type { Desired } from "../../../controller/reconcile/desired.ts";
import type { Work } from "../../../controller/reconcile/types.ts";
import { neededBy, pausedIn, wavesOf } from "../../../controller/reconcile/waves.ts";
import type { AccountSpec, Rollout } from "../../../resources/spec.ts";
import { accountSpec, accountsOf, appliedOf, firewallSpec, serverSpec } from "./specs.ts";
import { workFor } from "./works.ts";

const rollout = (over: Partial<Rollout> = {}): Rollout => ({ canary: 1, step: "10%", pauseOnFailure: true, ...over });

function desired(accounts: AccountSpec[], fleet?: Rollout): Desired {
  const matched = accountsOf(...accounts);
  return { accounts: matched, byIdentity: matched, fleet: { ...(fleet && { rollout: fleet }) } } as unknown as Desired;
}

const MAIN = [accountSpec("linode-main")];
const servers = (count: number, account = "linode-main") =>
  Array.from({ length: count }, (_, index) => {
    const name = `${account}-${String(index + 1).padStart(3, "0")}`;
    return workFor(serverSpec(name, { account }), serverSpec(name, { account, labels: { a: "b" } }));
  });
const named = (works: Work[]) => works.map(({ effect }) => effect.object.name);
const sizes = (waves: Work[][]) => waves.map(({ length }) => length);

describe("an execution in waves", () => {
  it.each([
    { name: "all at once without a rollout", count: 20, waves: [20] },
    { name: "the canary, then tenths", count: 25, of: rollout(), waves: [1, 3, 3, 3, 3, 3, 3, 3, 3] },
    { name: "steps of so many", count: 10, of: rollout({ canary: 2, step: 5 }), waves: [2, 5, 3] },
    { name: "one by one where a tenth is less than one", count: 3, of: rollout(), waves: [1, 1, 1] },
    { name: "the whole rest", count: 9, of: rollout({ step: "100%" }), waves: [1, 8] },
    { name: "one wave where the canary is all", count: 2, of: rollout({ canary: 5 }), waves: [2] },
    { name: "none for nothing", count: 0, of: rollout(), waves: [] },
  ])("has $name", ({ count, of, waves }) => {
    expect(sizes(wavesOf(servers(count), desired(MAIN, of)).waves)).toEqual(waves);
  });

  it("goes stack by stack and by name, whatever order the works have", () => {
    const works = servers(4).map((work, index) => ({ ...work, stack: `linode-main.${index % 2}` }));

    const { waves } = wavesOf(works.toReversed(), desired(MAIN, rollout({ step: 1 })));

    expect(named(waves.flat())).toEqual(["linode-main-001", "linode-main-003", "linode-main-002", "linode-main-004"]);
  });

  it("has the fleet's rollout over all accounts, but for one that has its own", () => {
    const own = rollout({ canary: 2, step: 2 });
    const accounts = [accountSpec("a"), accountSpec("b"), accountSpec("c", { rollout: own })];
    const works = [...servers(2, "a"), ...servers(1, "b"), ...servers(4, "c")];

    const { waves } = wavesOf(works, desired(accounts, rollout({ step: 1 })));

    expect(waves.map(named)).toEqual([["a-001", "c-001", "c-002"], ["a-002", "c-003", "c-004"], ["b-001"]]);
  });

  it("counts removals by the account that they leave, and lets machines go in no wave", () => {
    const removal = workFor(serverSpec("x"), undefined);
    const forgotten = workFor(serverSpec("y", { deletionPolicy: "orphan" }), undefined);

    const { waves } = wavesOf([removal, forgotten, ...servers(1)], desired(MAIN, rollout()));

    expect(waves.map(named)).toEqual([["linode-main-001"], ["x"]]);
  });

  it("begins with what servers share and ends with what is removed of it", () => {
    const shared = (name: string, gone: boolean): Work => {
      const [work] = servers(1);
      const effect = { ...work!.effect, object: { kind: "Firewall" as const, name, account: "linode-main" } };
      const { desired: _, ...removal } = { ...work!, effect, stack: "linode-main.base" };
      return gone ? removal : { ...work!, effect, stack: "linode-main.base" };
    };

    const { before, after, waves } = wavesOf(
      [shared("new", false), ...servers(2), shared("old", true)],
      desired(MAIN, rollout()),
    );

    expect([named(before), ...waves.map(named), named(after)]).toEqual([
      ["new"],
      ["linode-main-001"],
      ["linode-main-002"],
      ["old"],
    ]);
  });
});

describe("a failure in a wave", () => {
  const own = rollout({ canary: 2, step: 1 });
  const accounts = [accountSpec("a"), accountSpec("c", { rollout: own })];
  const works = [...servers(3, "a"), ...servers(4, "c")];
  const failed =
    (...names: string[]) =>
    (work: Work) =>
      names.includes(work.effect.object.name);
  const left = (fleet: Rollout, index: number, ...names: string[]) =>
    pausedIn(wavesOf(works, desired(accounts, fleet)), index, failed(...names)).map(
      ({ work, why }) => `${work.effect.object.name}: ${why}`,
    );

  it("leaves the waves behind it, of its own rollout only", () => {
    expect(left(rollout(), 1, "c-002")).toEqual(["c-003: c-002 failed in wave 1 of 3"]);
    expect(left(rollout(), 2, "c-002")).toEqual(["c-004: c-002 failed in wave 1 of 3"]);
    expect(left(rollout(), 2, "a-002")).toEqual(["a-003: a-002 failed in wave 2 of 3"]);
  });

  it("leaves nothing where none has failed yet, or where it is not to pause", () => {
    expect(left(rollout(), 1)).toEqual([]);
    expect(left(rollout(), 1, "a-002")).toEqual([]);
    expect(left(rollout({ pauseOnFailure: false }), 2, "a-001")).toEqual([]);
  });

  it("keeps the firewall that a server which was not begun is behind", () => {
    const firewalls = ["web"];
    const work = workFor(serverSpec("a", { firewalls }), serverSpec("a"));
    const removal = { ...work, effect: { ...work.effect }, applied: appliedOf(firewallSpec("web")) };
    const { desired: _, ...gone } = removal;

    expect(neededBy([gone], [{ work, why: "" }])).toMatchObject([{ why: "a still uses it" }]);
    expect(neededBy([gone], [])).toEqual([]);
  });
});
