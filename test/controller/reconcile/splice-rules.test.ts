import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { parseFleetFile } from "../../../controller/fleet/file.ts";
import { compileFirewall } from "../../../controller/fleet/firewall.ts";
import { type FileRule, fieldsOf, spliceRules } from "../../../controller/reconcile/splice-rules.ts";
import { clouds } from "../../../resources/registry.ts";
import type { FirewallRule, FirewallText } from "../../../resources/spec.ts";
import type { FirewallFields } from "../../../schemas/types.ts";

const rule: fc.Arbitrary<FirewallRule> = fc
  .record({
    direction: fc.constantFrom("inbound" as const, "outbound" as const),
    protocol: fc.constantFrom("tcp" as const, "icmp" as const),
    ports: fc.constantFrom(undefined, "22", "80,443", "8000-8080"),
    addresses: fc.constantFrom(["0.0.0.0/0", "::/0"], ["10.0.0.0/8"], ["203.0.113.7/32", "2001:db8::/32"]),
  })
  .map(({ ports, addresses, ...rest }) => ({
    ...rest,
    addresses: [...addresses],
    action: "accept" as const,
    ...(ports && rest.protocol === "tcp" ? { ports } : {}),
  }));
const rules = fc.array(rule, { maxLength: 6 });

const compiled = (list: unknown[]): FirewallRule[] => {
  const parsed = parseFleetFile(stringify({ kind: "Firewall", name: "web", rules: list }));
  return compileFirewall(parsed.fields as FirewallFields).spec!.rules;
};

describe.each([
  { title: "Linode, which keeps an order", cloud: clouds.linode, isOrdered: true },
  { title: "DigitalOcean, which keeps none", cloud: clouds.digitalocean, isOrdered: false },
])("rules accepted from $title", ({ cloud, isOrdered }) => {
  const textOf = (list: FirewallRule[]): FirewallText => ({
    kind: "Firewall",
    name: "web",
    rules: list,
    inboundPolicy: "drop",
    outboundPolicy: "drop",
  });
  const atCloud = (list: FirewallRule[]) => cloud.firewalls.expect(textOf(list)).rules;

  it("make a file that means what the cloud has, and leave as written what it still has", () => {
    fc.assert(
      fc.property(rules, rules, (before, now) => {
        const file: FileRule[] = before.map((compiled) => ({
          raw: fieldsOf(compiled),
          compiled,
          atCloud: atCloud([compiled]),
        }));

        const spliced = spliceRules(file, atCloud(now), isOrdered);

        expect(atCloud(compiled(spliced))).toEqual(atCloud(now));
        const same = spliceRules(file, atCloud(before), isOrdered);
        // DigitalOcean has one of two equal rules.
        if (isOrdered)
          expect(same.map((fields) => file.findIndex(({ raw }) => raw === fields))).toEqual([...file.keys()]);
      }),
      { numRuns: 200 },
    );
  });
});

describe("one rule accepted", () => {
  const fileOf = (list: FirewallRule[]): FileRule[] =>
    list.map((compiled, index) => ({ raw: { index }, compiled, atCloud: [compiled] }));
  const tcp = (ports: string, direction: FirewallRule["direction"] = "inbound"): FirewallRule => ({
    direction,
    action: "accept",
    protocol: "tcp",
    ports,
    addresses: ["0.0.0.0/0", "::/0"],
  });

  it("comes where the cloud has it, between those of its direction", () => {
    const file = fileOf([tcp("22"), tcp("53", "outbound"), tcp("80")]);
    const now = [tcp("22"), tcp("25"), tcp("80"), tcp("53", "outbound"), tcp("123", "outbound")];

    expect(spliceRules(file, now, true)).toEqual([
      { index: 0 },
      { index: 1 },
      { protocol: "tcp", ports: "25" },
      { index: 2 },
      { direction: "outbound", protocol: "tcp", ports: "123" },
    ]);
  });

  it("is what is left of a rule that was several at the cloud", () => {
    const [both] = fileOf([tcp("80,443")]);

    expect(spliceRules([{ ...both!, atCloud: [tcp("80"), tcp("443")] }], [tcp("80")], false)).toEqual([
      { protocol: "tcp", ports: "80" },
    ]);
  });
});
