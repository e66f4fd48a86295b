import { describe, expect, it } from "vitest";
import { firewalls } from "../../../resources/hyperstack/firewalls.ts";
import {
  actualRules,
  actualText,
  firewallProblems,
  ruleRequest,
  ruleTexts,
} from "../../../resources/hyperstack/rules.ts";
import type { FirewallRule } from "../../../resources/spec.ts";
import { firewallSpec } from "../declared.ts";

const rule = (partial: Partial<FirewallRule>): FirewallRule => ({
  direction: "inbound",
  action: "accept",
  protocol: "tcp",
  addresses: ["0.0.0.0/0"],
  ...partial,
});
const OUT = ["egress IPv4 any - 0.0.0.0/0", "egress IPv6 any - ::/0"];

describe("rules of Hyperstack", () => {
  it("are one for each address and range of ports, and a policy that accepts is two for everything", () => {
    expect(ruleTexts(firewallSpec())).toEqual([
      ...OUT,
      "ingress IPv4 icmp - 192.0.2.1/32",
      "ingress IPv4 tcp 80-80 0.0.0.0/0",
      "ingress IPv4 tcp 8000-8080 0.0.0.0/0",
      "ingress IPv6 ipv6-icmp - 2001:db8::1/128",
      "ingress IPv6 tcp 80-80 ::/0",
      "ingress IPv6 tcp 8000-8080 ::/0",
    ]);
  });

  it("leave out what a policy that accepts makes needless, and let nothing out where the policy drops", () => {
    const open = firewallSpec({ inboundPolicy: "accept", outboundPolicy: "drop" });

    expect(ruleTexts(open)).toEqual(["ingress IPv4 any - 0.0.0.0/0", "ingress IPv6 any - ::/0"]);
  });

  it("have blocks without bits behind their mask, and no rule twice", () => {
    const rules = [
      rule({ ports: "22", addresses: ["10.1.2.3/8", "10.0.0.0/8", "2001:DB8:0::/32"] }),
      rule({ ports: "22", addresses: ["10.0.0.0/8"] }),
    ];

    expect(ruleTexts(firewallSpec({ rules, outboundPolicy: "drop" }))).toEqual([
      "ingress IPv4 tcp 22-22 10.0.0.0/8",
      "ingress IPv6 tcp 22-22 2001:db8::/32",
    ]);
  });

  it("are asked for with ports only where there are some", () => {
    expect(ruleRequest("ingress IPv4 tcp 80-88 192.0.2.0/24")).toEqual({
      direction: "ingress",
      ethertype: "IPv4",
      protocol: "tcp",
      port_range_min: 80,
      port_range_max: 88,
      remote_ip_prefix: "192.0.2.0/24",
    });
    expect(ruleRequest("egress IPv6 any - ::/0")).toEqual({
      direction: "egress",
      ethertype: "IPv6",
      protocol: "any",
      remote_ip_prefix: "::/0",
    });
  });

  it.each([
    {
      name: "all ports said in numbers",
      actual: { protocol: "tcp", port_range_min: 1, port_range_max: 65535 },
      text: "tcp 1-65535",
    },
    {
      name: "all ports not said",
      actual: { protocol: "udp", port_range_min: null, port_range_max: null },
      text: "udp 1-65535",
    },
    { name: "no protocol", actual: { protocol: null }, text: "any -" },
    { name: "ports without meaning", actual: { protocol: "any", port_range_min: 0, port_range_max: 0 }, text: "any -" },
    { name: "the other word for icmp", actual: { protocol: "icmpv6" }, text: "ipv6-icmp -" },
  ])("are read the same with $name", ({ actual, text }) => {
    const read = { id: 1, direction: "ingress", ethertype: "IPv4", remote_ip_prefix: null, ...actual };

    expect(actualText(read)).toBe(`ingress IPv4 ${text} 0.0.0.0/0`);
  });

  it("are told in the words of a fleet file, by addresses and ports, whatever order they come in", () => {
    const texts = ruleTexts(firewallSpec());

    const actual = actualRules(texts.reverse());

    expect(actual).toEqual(firewalls.expect(firewallSpec()));
    expect(actual).toMatchObject({ inboundPolicy: "drop", outboundPolicy: "accept" });
    expect(actual.rules).toEqual([
      rule({ protocol: "icmp", addresses: ["192.0.2.1/32", "2001:db8::1/128"] }),
      rule({ ports: "80,8000-8080", addresses: ["0.0.0.0/0", "::/0"] }),
    ]);
    expect(ruleTexts({ ...firewallSpec(), ...actual })).toEqual(ruleTexts(firewallSpec()));
  });

  it("show one that a hand has added, one it took away, and one of a protocol that files do not have", () => {
    const texts = ruleTexts(firewallSpec());
    const differ = (changed: string[]) => expect(actualRules(changed)).not.toEqual(firewalls.expect(firewallSpec()));

    differ([...texts, "ingress IPv4 tcp 22-22 0.0.0.0/0"]);
    differ(texts.slice(1));
    differ([...texts, "ingress IPv4 sctp - 0.0.0.0/0"]);
  });

  it("cannot drop, have no own side, and have ports with tcp and udp only", () => {
    const firewall = firewallSpec({
      rules: [
        rule({ action: "drop" }),
        rule({ ownAddresses: ["192.0.2.1/32"] }),
        rule({ protocol: "any", ports: "22" }),
        rule({ protocol: "esp" }),
      ],
    });

    expect(firewallProblems(firewall).map(({ path }) => path)).toEqual([
      ["rules", 0, "action"],
      ["rules", 1, "ownAddresses"],
      ["rules", 2, "ports"],
    ]);
    expect(firewallProblems(firewallSpec())).toEqual([]);
  });
});
