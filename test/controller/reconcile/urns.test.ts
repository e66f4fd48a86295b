import { describe, expect, it } from "vitest";
import { settledWork } from "../../../controller/reconcile/settled.ts";
import type { Work } from "../../../controller/reconcile/types.ts";
import { groupsOf, untoldPowers, withoutPowers } from "../../../controller/reconcile/urns.ts";
import { linode } from "../../../resources/linode/index.ts";
import { accountSpec, accountsOf, appliedOf, serverSpec } from "./specs.ts";

const account = accountsOf(accountSpec("linode-main")).get("linode-main")!;
const urn = (stack: string, type: string, name: string) => `urn:pulumi:${stack}::acme::${type}::${name}`;
const powerOf = (name: string) => urn("linode-main.0", "fleetwright:index:Power", `power.${name}`);

function settled(name: string): Work {
  return settledWork(appliedOf(serverSpec(name)));
}

function created(name: string): Work {
  const { applied: _none, ...work } = settled(name);
  return { ...work, effect: { ...work.effect, op: "create" } };
}

function preview(declare: Work[], known: string[] = []) {
  const task = { stack: "linode-main.0", account, declare, remove: [] };
  const whole = groupsOf({ clouds: { linode } } as never, { urn }, task);
  const untold = untoldPowers(task, whole, new Set(known));
  return { whole, untold, groups: withoutPowers(whole, untold) };
}

describe("a preview of new servers", () => {
  it("leaves out their Powers, and nothing else", () => {
    const work = created("web-1");

    const { whole, groups } = preview([work]);

    expect(whole.wanted.get(work)).toContain(powerOf("web-1"));
    expect(groups.wanted.get(work)).toEqual(whole.wanted.get(work)!.filter((one) => one !== powerOf("web-1")));
    expect(groups.wanted.get(work)!.length).toBeGreaterThan(0);
  });

  it("keeps the Powers of servers that are there", () => {
    const [old, fresh] = [settled("web-1"), created("web-2")];

    const { groups, whole } = preview([old, fresh]);

    expect(groups.wanted.get(old)).toEqual(whole.wanted.get(old));
    expect(groups.all.get(fresh)).not.toContain(powerOf("web-2"));
  });

  it("keeps the Power of a new one of which state has something already, or it would be shown as removed", () => {
    const work = created("web-1");

    const { untold, groups } = preview([work], [powerOf("web-1")]);

    expect(untold.size).toBe(0);
    expect(groups.wanted.get(work)).toContain(powerOf("web-1"));
  });

  it("keeps the Power of one that is made anew", () => {
    const gone: Work = { ...settled("web-1"), effect: { ...settled("web-1").effect, op: "create" } };

    expect(preview([gone]).untold.size).toBe(0);
  });
});
