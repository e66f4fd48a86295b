import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { nextStep } from "../../../resources/proxmox/firewall.ts";
import {
  expectedRules,
  firewallProblems,
  fleetRule,
  parseLine,
  pveRule,
  ruleLine,
} from "../../../resources/proxmox/firewall-rules.ts";
import type { FirewallRule, FirewallText } from "../../../resources/spec.ts";

const block = fc.constantFrom("10.0.0.0/8", "203.0.113.7/32", "2001:db8::/32", "0.0.0.0/0", "::/0");
const rule: fc.Arbitrary<FirewallRule> = fc
  .record({
    direction: fc.constantFrom("inbound" as const, "outbound" as const),
    action: fc.constantFrom("accept" as const, "drop" as const),
    protocol: fc.constantFrom(
      "tcp" as const,
      "udp" as const,
      "icmp" as const,
      "any" as const,
      "gre" as const,
      "esp" as const,
    ),
    ports: fc.constantFrom(undefined, "22", "443,8000-8080"),
    addresses: fc.uniqueArray(block, { minLength: 1, maxLength: 4 }),
    ownAddresses: fc.constantFrom(undefined, ["198.51.100.0/24"], ["198.51.100.7/32", "2001:db8:1::/48"]),
    description: fc.constantFrom(undefined, "why", "a # b"),
  })
  .map(({ ports, ownAddresses, description, ...rest }) => ({
    ...rest,
    ...(ports && ["tcp", "udp"].includes(rest.protocol) ? { ports } : {}),
    ...(ownAddresses ? { ownAddresses: [...ownAddresses] } : {}),
    ...(description ? { description } : {}),
  }));
const text = (rules: FirewallRule[]): FirewallText => ({
  kind: "Firewall",
  name: "web",
  rules,
  inboundPolicy: "drop",
  outboundPolicy: "accept",
});
const one = (fields: Partial<FirewallRule>): FirewallRule => ({
  direction: "inbound",
  action: "accept",
  protocol: "tcp",
  addresses: ["0.0.0.0/0", "::/0"],
  ...fields,
});
const lines = (...rules: FirewallRule[]) => expectedRules([text(rules)]).rules.map((each) => ruleLine(pveRule(each)));

describe("a rule on Proxmox VE", () => {
  it("reads back as expected, through the API's words and through those of state", () => {
    fc.assert(
      fc.property(rule, (given) => {
        for (const expected of expectedRules([text([given])]).rules) {
          const there = pveRule(expected);

          expect(fleetRule(there)).toEqual(expected);
          expect(parseLine(ruleLine(there))).toEqual(there);
        }
      }),
    );
  });

  it.each([
    { name: "for everybody is one", given: one({ ports: "22,80" }), is: ["IN ACCEPT -proto tcp -dport 22,80"] },
    {
      name: "for addresses is one for each version of IP",
      given: one({ ports: "8000-8080", addresses: ["10.0.0.0/8", "2001:db8::/32"], description: "why" }),
      is: [
        "IN ACCEPT -proto tcp -source 10.0.0.0/8 -dport 8000:8080 # why",
        "IN ACCEPT -proto tcp -source 2001:db8::/32 -dport 8000:8080 # why",
      ],
    },
    {
      name: "for ICMP is one for each of its protocols",
      given: one({ protocol: "icmp" }),
      is: ["IN ACCEPT -proto icmp", "IN ACCEPT -proto ipv6-icmp"],
    },
    {
      name: "of both sides, out, dropping anything",
      given: one({
        direction: "outbound",
        action: "drop",
        protocol: "any",
        addresses: ["10.0.0.0/8"],
        ownAddresses: ["198.51.100.7/32"],
      }),
      is: ["OUT DROP -source 198.51.100.7/32 -dest 10.0.0.0/8"],
    },
  ])("$name", ({ given, is }) => {
    expect(lines(given)).toEqual(is);
  });

  it("that a file cannot say is told as what it is", () => {
    expect(fleetRule({ type: "in", action: "REJECT", macro: "SSH", iface: "net1" })).toMatchObject({
      action: "reject",
      protocol: "any macro SSH iface net1",
    });
    expect(fleetRule({ type: "group", action: "web" })).toMatchObject({ action: "group web" });
  });

  it("is told at its place where it cannot be expressed", () => {
    const many = Array.from({ length: 40 }, (_, index) => `203.0.113.${index}/32`);
    const rules = [
      one({ ports: "1,3,5,7,9,11,13,15,17,19,21,23,25,27,29,31" }),
      one({ addresses: many }),
      one({ ownAddresses: many }),
      one({ description: "two\nlines" }),
      one({ protocol: "gre" }),
    ];

    expect(firewallProblems(text(rules)).map(({ path }) => path.join("."))).toEqual([
      "rules.0.ports",
      "rules.1.addresses",
      "rules.2.ownAddresses",
      "rules.3.description",
    ]);
  });
});

describe("the steps to a list of rules", () => {
  interface Standing {
    line: string;
    enable: number;
  }
  const asRules = (list: readonly Standing[]) =>
    list.map(({ line, enable }, pos) => ({ ...parseLine(line), pos, enable }));
  const step = (list: Standing[], wanted: string[]): Standing[] | undefined => {
    const next = nextStep(asRules(list), wanted);
    if (next === undefined) return undefined;
    if (next.do === "insert") return [{ line: next.line, enable: Number(next.enable) }, ...list];
    if (next.do === "remove") return list.filter((_, pos) => pos !== next.pos);
    if (next.form.enable === 1) return list.map((each, pos) => (pos === next.pos ? { ...each, enable: 1 } : each));
    const moved = list[next.pos]!;
    const rest = list.filter((_, pos) => pos !== next.pos);
    rest.splice(next.form.moveto! - 1, 0, moved);
    return rest;
  };

  it("come to exactly that list, and never take a wanted rule away before another is there", () => {
    const line = fc.constantFrom("22", "80", "443", "8080").map((port) => `IN ACCEPT -proto tcp -dport ${port}`);
    const standing = fc.array(fc.record({ line, enable: fc.constantFrom(0, 1) }), { maxLength: 6 });
    fc.assert(
      fc.property(standing, fc.uniqueArray(line, { maxLength: 4 }), (before, wanted) => {
        let list: Standing[] = before;
        for (let steps = 0; ; steps++) {
          const next = step(list, wanted);
          if (next === undefined) break;
          const on = (all: Standing[]) => new Set(all.filter(({ enable }) => enable === 1).map((each) => each.line));
          for (const each of wanted) if (on(list).has(each)) expect(on(next).has(each)).toBe(true);
          list = next;
          expect(steps).toBeLessThan(3 * wanted.length + before.length + 3);
        }

        expect(list).toEqual(wanted.map((each) => ({ line: each, enable: 1 })));
      }),
      { numRuns: 500 },
    );
  });

  it("are one for a rule that was added, and none for what stands", () => {
    const wanted = ["IN ACCEPT -proto tcp -dport 22", "IN ACCEPT -proto tcp -dport 80"];

    expect(nextStep(asRules(wanted.map((line) => ({ line, enable: 1 }))), wanted)).toBeUndefined();
    expect(nextStep(asRules([{ line: wanted[1]!, enable: 1 }]), wanted)).toEqual({
      do: "insert",
      line: wanted[0],
      enable: true,
    });
  });
});
