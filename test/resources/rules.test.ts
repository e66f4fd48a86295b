import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { combined, normalPorts, normalRule, ruleKey, sortedRules } from "../../resources/rules.ts";
import type { FirewallRule, FirewallText } from "../../resources/spec.ts";

const rule = (fields: Partial<FirewallRule> = {}): FirewallRule => ({
  direction: "inbound",
  action: "accept",
  protocol: "tcp",
  addresses: ["0.0.0.0/0", "::/0"],
  ...fields,
});

describe("ports in one form", () => {
  it.each([
    ["80,22-23,24", "22-24,80"],
    ["1-65535", undefined],
    ["1-100,101-65535", undefined],
    ["22, 80", "22,80"],
    ["80,80", "80"],
    [undefined, undefined],
    ["", undefined],
  ])("%s are %s", (ports, form) => {
    expect(normalPorts(ports)).toBe(form);
  });

  it("hold exactly the ports they held before", () => {
    const range = fc
      .tuple(fc.integer({ min: 1, max: 60 }), fc.nat(9))
      .map(([low, more]) => ({ low, high: low + more }));
    const holds = (ports: string, port: number) =>
      ports.split(",").some((part) => {
        const [low = 0, high = low] = part.split("-").map(Number);
        return low <= port && port <= high;
      });
    fc.assert(
      fc.property(fc.array(range, { minLength: 1, maxLength: 6 }), (ranges) => {
        const text = ranges.map(({ low, high }) => (low === high ? `${low}` : `${low}-${high}`)).join(",");
        const form = normalPorts(text)!;

        expect(normalPorts(form)).toBe(form);
        for (let port = 1; port <= 70; port++) expect(holds(form, port)).toBe(holds(text, port));
      }),
    );
  });
});

describe("a rule in one form", () => {
  it("is the same however its blocks and ports are written", () => {
    const one = rule({ ports: "443,80", addresses: ["2001:DB8::/32", "10.0.0.9/8"], ownAddresses: ["198.51.100.7"] });
    const other = rule({
      ports: "80,443",
      addresses: ["10.0.0.0/8", "2001:db8::/32"],
      ownAddresses: ["198.51.100.7/32"],
    });

    expect(ruleKey(one)).toBe(ruleKey(other));
    expect(ruleKey(one)).not.toBe(ruleKey(rule({ ports: "80,443" })));
  });

  it("keeps what is no block: groups and tags of a cloud", () => {
    expect(normalRule(rule({ addresses: ["tag web", "10.0.0.1"] })).addresses).toEqual(["10.0.0.1/32", "tag web"]);
  });

  it("sorts to the same order from any", () => {
    const rules = [rule({ ports: "22" }), rule({ protocol: "udp" }), rule({ direction: "outbound" }), rule()];

    expect(sortedRules([...rules].reverse())).toEqual(sortedRules(rules));
  });
});

it("firewalls at one machine come to all their rules in order, and drop where one of them drops", () => {
  const text = (name: string, ports: string, inboundPolicy: "accept" | "drop"): FirewallText => ({
    kind: "Firewall",
    name,
    rules: [rule({ ports })],
    inboundPolicy,
    outboundPolicy: "accept",
  });

  const all = combined([text("b", "80", "accept"), text("a", "22", "drop")]);

  expect(all.rules.map(({ ports }) => ports)).toEqual(["80", "22"]);
  expect(all).toMatchObject({ inboundPolicy: "drop", outboundPolicy: "accept" });
});
