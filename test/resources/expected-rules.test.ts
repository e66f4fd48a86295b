import { describe, expect, it } from "vitest";
import type { ActualRules } from "../../resources/actual.ts";
import type { Cloud } from "../../resources/cloud.ts";
import { clouds } from "../../resources/registry.ts";
import { ruleKey } from "../../resources/rules.ts";
import type { FirewallRule, FirewallText } from "../../resources/spec.ts";
import { serverSpec } from "./fixtures.ts";

const everywhere = ["0.0.0.0/0", "::/0"];
const rule = (fields: Partial<FirewallRule>): FirewallRule => ({
  direction: "inbound",
  action: "accept",
  protocol: "tcp",
  addresses: everywhere,
  ...fields,
});
const RULES = [
  rule({ ports: "443,80" }),
  rule({ ports: "22", addresses: ["203.0.113.0/24"], description: "office" }),
  rule({ protocol: "icmp" }),
  rule({ protocol: "udp", ports: "8000-8080", addresses: ["2001:db8::/32"] }),
  rule({ protocol: "any", addresses: ["10.0.0.0/8"] }),
  rule({ direction: "outbound", ports: "53", protocol: "udp" }),
  rule({ action: "drop", ports: "25" }),
  rule({ protocol: "gre", ownAddresses: ["198.51.100.7/32"], addresses: ["0.0.0.0/0"] }),
];

function expectOn(cloud: Cloud, text: FirewallText): ActualRules | undefined {
  const server = serverSpec({ resources: { vcpus: 1, memoryMiB: 512 }, firewalls: [text.name], rules: [text] });
  return cloud.capabilities.firewallScope === "server" ? cloud.expect(server, "").rules : cloud.firewalls?.expect(text);
}

const withFirewalls = Object.values(clouds as Record<string, Cloud>).filter(
  ({ capabilities }) => capabilities.firewalls,
);

/** What a cloud reports can be written into a file, and then is what the file wants: without it nothing could be accepted. */
describe.each(withFirewalls.map((cloud) => [cloud.title, cloud] as const))(
  "the rules that %s is expected to report",
  (_title, cloud) => {
    const text = (rules: FirewallRule[], outboundPolicy: "accept" | "drop"): FirewallText => ({
      kind: "Firewall",
      name: "web",
      rules,
      inboundPolicy: "drop",
      outboundPolicy,
    });
    const isFine = (firewall: FirewallText) => (cloud.firewallProblems?.(firewall) ?? []).length === 0;

    it("are expected again of a file that has them", () => {
      const checked = (["accept", "drop"] as const).flatMap((outbound) => {
        const rules = RULES.filter((each) => isFine(text([each, rule({ ports: "1" })], outbound)));
        const firewall = text(rules, outbound);
        if (!isFine(firewall)) return [];
        const once = expectOn(cloud, firewall)!;
        const twice = expectOn(cloud, { ...firewall, ...once })!;
        expect(twice.rules.map(ruleKey)).toEqual(once.rules.map(ruleKey));
        expect([twice.inboundPolicy, twice.outboundPolicy]).toEqual([once.inboundPolicy, once.outboundPolicy]);
        return rules;
      });

      expect(checked.length).toBeGreaterThan(2);
    });
  },
);
