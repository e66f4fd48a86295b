import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Seen, workOf } from "../../../controller/reconcile/effects.ts";
import { findDrift } from "../../../controller/reconcile/find-drift.ts";
import { matchObjects } from "../../../controller/reconcile/match.ts";
import { ruleChanges, ruleDrift, ruleEdits, ruleWords } from "../../../controller/reconcile/rules.ts";
import type { ActualRules, ActualServer, ExpectedServer } from "../../../resources/actual.ts";
import type { Capabilities } from "../../../resources/cloud.ts";
import { ruleKey } from "../../../resources/rules.ts";
import type { FirewallRule, FirewallSpec, FirewallText, StackObject } from "../../../resources/spec.ts";
import { accountSpec, accountsOf, appliedOf, desiredOf, firewallSpec, serverSpec } from "./specs.ts";

const EVERYWHERE = ["0.0.0.0/0", "::/0"];
const tcp = (ports: string, fields: Partial<FirewallRule> = {}): FirewallRule => ({
  direction: "inbound",
  action: "accept",
  protocol: "tcp",
  ports,
  addresses: EVERYWHERE,
  ...fields,
});
const web = (...rules: FirewallRule[]) => firewallSpec("web", { rules });

describe("a rule in words", () => {
  it.each([
    [tcp("22"), "accept tcp 22 from anywhere"],
    [tcp("22", { action: "drop", addresses: ["10.0.0.0/8"] }), "drop tcp 22 from 10.0.0.0/8"],
    [tcp("53", { direction: "outbound", description: "DNS" }), "accept out tcp 53 to anywhere (DNS)"],
    [tcp("22", { ownAddresses: ["198.51.100.7/32"] }), "accept tcp 22 from anywhere at 198.51.100.7/32"],
    [{ ...tcp(""), ports: undefined, protocol: "any" } as unknown as FirewallRule, "accept any from anywhere"],
  ])("%#", (rule, words) => {
    expect(ruleWords(rule)).toBe(words);
  });
});

describe("an edited list of rules", () => {
  it("tells one rule put in the middle, and nothing of those behind it", () => {
    const changes = ruleChanges(
      web(tcp("22"), tcp("80"), tcp("443")),
      web(tcp("22"), tcp("25"), tcp("80"), tcp("443")),
    );

    expect(changes).toEqual([{ path: "rules[+1]", after: "accept tcp 25 from anywhere" }]);
  });

  it("tells rules that come, go, change and move, and policies", () => {
    const before = web(tcp("22"), tcp("80"), tcp("443"));
    const after = { ...web(tcp("443"), tcp("80", { action: "drop" })), inboundPolicy: "accept" as const };

    expect(ruleChanges(before, after)).toEqual([
      { path: "inboundPolicy", before: "drop", after: "accept" },
      { path: "rules[-0]", before: "accept tcp 22 from anywhere" },
      { path: "rules[-1]", before: "accept tcp 80 from anywhere" },
      { path: "rules[+1]", after: "drop tcp 80 from anywhere" },
    ]);
  });

  it("of a server is that of all its firewalls together", () => {
    const text = (name: string, rules: FirewallRule[], inboundPolicy: "accept" | "drop"): FirewallText => ({
      kind: "Firewall",
      name,
      rules,
      inboundPolicy,
      outboundPolicy: "accept",
    });
    const one = serverSpec("web-1", { firewalls: ["a"], rules: [text("a", [tcp("22")], "accept")] });
    const two = serverSpec("web-1", {
      firewalls: ["a", "b"],
      rules: [text("a", [tcp("22")], "accept"), text("b", [tcp("80")], "drop")],
    });

    expect(ruleChanges(one, two)).toEqual([
      { path: "rules.inboundPolicy", before: "accept", after: "drop" },
      { path: "rules[+1]", after: "accept tcp 80 from anywhere" },
    ]);
    expect(ruleChanges(one, serverSpec("web-1"))).toHaveLength(3);
  });

  it("comes to the other list by its edits, which are as few as can be", () => {
    const list = fc.array(
      fc.constantFrom("1", "2", "3", "4", "5").map((port) => tcp(port)),
      { maxLength: 9 },
    );
    fc.assert(
      fc.property(list, list, (before, after) => {
        const edits = ruleEdits(before, after);
        const removed = new Set(edits.filter(({ sign }) => sign === "-").map(({ place }) => place));
        const result = before.filter((_, place) => !removed.has(place));
        for (const { place, rule } of edits.filter(({ sign }) => sign === "+")) result.splice(place, 0, rule);

        expect(result.map(ruleKey)).toEqual(after.map(ruleKey));
        expect(edits.length === 0).toBe(before.map(ruleKey).join() === after.map(ruleKey).join());
        expect(edits.length).toBeLessThanOrEqual(before.length + after.length);
        if (before.length > 0 && after.length > 0 && ruleKey(before[0]!) === ruleKey(after[0]!))
          expect(edits.length).toBeLessThanOrEqual(before.length + after.length - 2);
      }),
    );
  });
});

const capabilities = { inPlace: ["size", "firewalls"] } as unknown as Capabilities;
const accounts = accountsOf(accountSpec("linode-main"));

function effectOf(before: FirewallSpec | StackObject, after: StackObject, seen?: Seen) {
  const [match] = matchObjects([desiredOf(after as FirewallSpec)], [appliedOf(before as FirewallSpec)], accounts);
  const work = workOf(match!, { fleetId: "acme", capabilities, ...(seen ? { seen } : {}) });
  return work && { op: work.effect.op, changes: work.effect.changes, refresh: work.refresh, mark: work.mark };
}

describe("an effect on a firewall", () => {
  const now = { rules: [tcp("22"), tcp("3306")], inboundPolicy: "drop", outboundPolicy: "accept" } as const;
  const seen = (desired: FirewallSpec): Seen => ({
    gone: false,
    drift: ruleDrift(desired, { ...now, rules: [...now.rules] }),
  });

  it("brings back a rule that a hand took, and takes one that a hand has put there", () => {
    const spec = web(tcp("22"), tcp("80"));

    expect(effectOf(spec, spec, seen(spec))).toMatchObject({
      op: "update",
      refresh: true,
      changes: [
        { path: "rules[+1]", after: "accept tcp 80 from anywhere", drift: true },
        { path: "rules[-1]", before: "accept tcp 3306 from anywhere", drift: true },
      ],
    });
  });

  it("tells what the commit changes and what a hand has changed beside it, each once", () => {
    const applied = web(tcp("22"), tcp("80"));

    expect(effectOf(applied, web(tcp("22"), tcp("80"), tcp("443")), seen(applied))?.changes).toEqual([
      { path: "rules[+2]", after: "accept tcp 443 from anywhere" },
      { path: "rules[+1]", after: "accept tcp 80 from anywhere", drift: true },
      { path: "rules[-1]", before: "accept tcp 3306 from anywhere", drift: true },
    ]);
    // The hand did what the commit wants: no way back is told.
    expect(effectOf(applied, web(tcp("22"), tcp("3306")), seen(applied))?.changes).toEqual([
      { path: "rules[-1]", before: "accept tcp 80 from anywhere" },
      { path: "rules[+1]", after: "accept tcp 3306 from anywhere" },
    ]);
  });

  it("that is gone makes it anew, under another mark", () => {
    const spec = web(tcp("22"));

    expect(effectOf(spec, spec, { gone: true })).toMatchObject({ op: "create", refresh: true });
    expect(effectOf(spec, spec, { gone: true })?.mark).not.toBe(effectOf(spec, web(tcp("23")))?.mark);
  });

  it("never makes a machine anew, where rules are at the machine", () => {
    const text = { ...web(tcp("22")), kind: "Firewall" as const };
    const before = serverSpec("web-1", { firewalls: ["web"], rules: [text] });
    const after = serverSpec("web-1", { firewalls: ["web"], rules: [{ ...text, inboundPolicy: "accept", rules: [] }] });

    expect(effectOf(before, after)).toMatchObject({
      op: "update",
      changes: [{ path: "rules.inboundPolicy" }, { path: "rules[-0]" }],
    });
  });
});

it("rules of a machine are compared where the look told them, and only there", () => {
  const actual = { id: "1", name: "a", tags: [], power: "running" } as unknown as ActualServer;
  const rules: ActualRules = { rules: [tcp("22")], inboundPolicy: "drop", outboundPolicy: "accept" };
  const expected: ExpectedServer = { power: "running", rules };

  expect(findDrift(expected, actual)).toEqual([]);
  expect(findDrift(expected, { ...actual, rules: { ...rules, rules: [], inboundPolicy: "accept" } })).toEqual([
    { path: "rules.inboundPolicy", desired: "drop", actual: "accept" },
    { path: "rules[-0]", desired: "accept tcp 22 from anywhere" },
  ]);
});
