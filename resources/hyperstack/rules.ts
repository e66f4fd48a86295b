import { isIPv6 } from "node:net";
import type { ActualRules } from "../cloud.ts";
import type { FirewallRule, FirewallText } from "../spec.ts";
import type { SecurityRule } from "./answers.ts";

/**
 * A rule of Hyperstack as one text: `ingress IPv4 tcp 80-80 0.0.0.0/0`, `egress IPv6 any - ::/0`. It is the same for what is declared and for what
 * is there, so a firewall is a set of texts. There is no order, no dropping and no policy: what no rule accepts is dropped.
 */
export type RuleText = string;

const EVERYWHERE = ["0.0.0.0/0", "::/0"];
const DIRECTIONS = { inbound: "ingress", outbound: "egress" } as const;

/** What a firewall of the fleet comes to, sorted. A policy of `accept` is a rule for everything, and makes the others of its direction needless. */
export function ruleTexts(firewall: Pick<FirewallText, "rules" | "inboundPolicy" | "outboundPolicy">): RuleText[] {
  const texts = (["inbound", "outbound"] as const).flatMap((direction) => {
    const policy = direction === "inbound" ? firewall.inboundPolicy : firewall.outboundPolicy;
    if (policy === "accept") return EVERYWHERE.map((block) => textOf(direction, "any", "-", block));
    return firewall.rules
      .filter((rule) => rule.direction === direction && rule.action === "accept")
      .flatMap((rule) =>
        portsOf(rule).flatMap((ports) =>
          rule.addresses.map((address) => textOf(direction, rule.protocol, ports, canonicalBlock(address))),
        ),
      );
  });
  return [...new Set(texts)].sort();
}

function textOf(
  direction: FirewallRule["direction"],
  protocol: FirewallRule["protocol"],
  ports: string,
  block: string,
): RuleText {
  const isV6 = block.includes(":");
  const name = protocol === "icmp" && isV6 ? "ipv6-icmp" : protocol;
  return `${DIRECTIONS[direction]} ${isV6 ? "IPv6" : "IPv4"} ${name} ${ports} ${block}`;
}

function portsOf({ protocol, ports }: FirewallRule): string[] {
  if (protocol !== "tcp" && protocol !== "udp") return ["-"];
  return (ports ?? "1-65535").split(",").map((range) => {
    const [low, high = low] = range.trim().split("-");
    return `${Number(low)}-${Number(high)}`;
  });
}

/** The request that makes the rule. */
export function ruleRequest(text: RuleText): object {
  const [direction, ethertype, protocol, ports = "-", block] = text.split(" ");
  const [low, high] = ports.split("-");
  return {
    direction,
    ethertype,
    protocol,
    remote_ip_prefix: block,
    ...(low ? { port_range_min: Number(low), port_range_max: Number(high) } : {}),
  };
}

/** The text of a rule that is there. Ports without meaning are left out, and all ports are written as such. */
export function actualText(rule: SecurityRule): RuleText {
  const protocol = (rule.protocol || "any").toLowerCase();
  const named = protocol === "icmpv6" ? "ipv6-icmp" : protocol;
  const ports =
    named === "tcp" || named === "udp" ? `${rule.port_range_min || 1}-${rule.port_range_max || 65_535}` : "-";
  const isV6 = rule.ethertype.toLowerCase() === "ipv6";
  const block = canonicalBlock(rule.remote_ip_prefix || (isV6 ? "::/0" : "0.0.0.0/0"));
  return `${rule.direction} ${isV6 ? "IPv6" : "IPv4"} ${named} ${ports} ${block}`;
}

/** Rules in the words of a fleet file, one for each text, sorted. */
export function actualRules(texts: readonly RuleText[]): ActualRules {
  const accepts = (direction: FirewallRule["direction"]) =>
    EVERYWHERE.every((block) => texts.includes(textOf(direction, "any", "-", block)));
  const policies = { inbound: accepts("inbound"), outbound: accepts("outbound") };
  const everything = new Set(
    (["inbound", "outbound"] as const)
      .filter((direction) => policies[direction])
      .flatMap((direction) => EVERYWHERE.map((block) => textOf(direction, "any", "-", block))),
  );
  return {
    rules: [...new Set(texts)]
      .sort()
      .filter((text) => !everything.has(text))
      .map(fleetRule),
    inboundPolicy: policies.inbound ? "accept" : "drop",
    outboundPolicy: policies.outbound ? "accept" : "drop",
  };
}

function fleetRule(text: RuleText): FirewallRule {
  const [direction, , protocol = "any", ports = "-", block = ""] = text.split(" ");
  const name = protocol === "ipv6-icmp" ? "icmp" : protocol;
  const [low, high] = ports.split("-");
  const all = ports === "-" || ports === "1-65535";
  return {
    direction: direction === "ingress" ? "inbound" : "outbound",
    action: "accept",
    // A protocol that a fleet file has no word for is told as it is: it differs from anything declared.
    protocol: name as FirewallRule["protocol"],
    ...(all ? {} : { ports: low === high ? `${low}` : ports }),
    addresses: [block],
  };
}

/** What Hyperstack cannot express, by path in the firewall's file. */
export function firewallProblems(firewall: FirewallText): { path: readonly (string | number)[]; message: string }[] {
  return firewall.rules.flatMap((rule, index) => {
    const found: { path: readonly (string | number)[]; message: string }[] = [];
    const tell = (field: string, message: string) => found.push({ path: ["rules", index, field], message });
    if (rule.action === "drop") tell("action", "Hyperstack has no rules that drop: what no rule accepts is dropped");
    if (rule.ownAddresses !== undefined)
      tell("ownAddresses", "Hyperstack's rules know only the other side's addresses");
    if (rule.ports !== undefined && rule.protocol === "any") tell("ports", "need tcp or udp on Hyperstack");
    return found;
  });
}

/** The block with its mask, without bits behind it, as Hyperstack keeps it. */
export function canonicalBlock(address: string): string {
  const [host = "", mask] = address.toLowerCase().split("/");
  if (isIPv6(host)) return `${new URL(`http://[${host}]/`).hostname.slice(1, -1)}/${mask ?? 128}`;
  const bits = Number(mask ?? 32);
  const octets = host.split(".").map((octet, index) => {
    const kept = Math.min(8, Math.max(0, bits - index * 8));
    return Number(octet) & (0xff << (8 - kept)) & 0xff;
  });
  return `${octets.join(".")}/${bits}`;
}
