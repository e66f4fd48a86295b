import type { ActualRules } from "../actual.ts";
import { EVERYWHERE, toBlock } from "../blocks.ts";
import { normalRule, sortedRules } from "../rules.ts";
import type { FirewallRule, FirewallText } from "../spec.ts";
import type { SecurityRule } from "./answers.ts";

/**
 * A rule of Hyperstack as one text: `ingress IPv4 tcp 80-80 0.0.0.0/0`, `egress IPv6 any - ::/0`. It is the same for what is declared and for what
 * is there, so a firewall is a set of texts. There is no order, no dropping and no policy: what no rule accepts is dropped.
 */
export type RuleText = string;

const ALL_PORTS = "1-65535";
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
          rule.addresses.map((address) => textOf(direction, rule.protocol, ports, toBlock(address) ?? address)),
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
  return (ports ?? ALL_PORTS).split(",").map((range) => {
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
  const prefix = rule.remote_ip_prefix || (isV6 ? "::/0" : "0.0.0.0/0");
  const block = toBlock(prefix) ?? prefix;
  return `${rule.direction} ${isV6 ? "IPv6" : "IPv4"} ${named} ${ports} ${block}`;
}

/**
 * Rules in the words of a fleet file, sorted: those of one protocol and the same ports are one with all their addresses, and then those of the same
 * addresses are one with all their ports.
 */
export function actualRules(texts: readonly RuleText[]): ActualRules {
  const everything = (direction: FirewallRule["direction"]) =>
    EVERYWHERE.map((block) => textOf(direction, "any", "-", block));
  const accepted = (["inbound", "outbound"] as const).filter((direction) =>
    everything(direction).every((text) => texts.includes(text)),
  );
  const told = new Set(accepted.flatMap(everything));
  const rules = [...new Set(texts)].filter((text) => !told.has(text)).map(fleetRule);
  const byPorts = merged(rules, ({ addresses: _, ...rule }) => rule);
  return {
    rules: sortedRules(merged(byPorts, ({ ports, ...rule }) => ({ ...rule, all: ports === undefined }))),
    inboundPolicy: accepted.includes("inbound") ? "accept" : "drop",
    outboundPolicy: accepted.includes("outbound") ? "accept" : "drop",
  };
}

/** Rules that are alike but for what `alike` leaves out, as one. */
function merged(rules: readonly FirewallRule[], alike: (rule: FirewallRule) => object): FirewallRule[] {
  const groups = Map.groupBy(rules, (rule) => JSON.stringify(alike(rule)));
  return [...groups.values()].map((same) => {
    const { ports, ...first } = same[0]!;
    const all = ports === undefined ? {} : { ports: same.map((rule) => rule.ports).join(",") };
    return normalRule({ ...first, ...all, addresses: same.flatMap((rule) => rule.addresses) });
  });
}

function fleetRule(text: RuleText): FirewallRule {
  const [direction, , protocol = "any", ports = "-", block = ""] = text.split(" ");
  return {
    direction: direction === "ingress" ? "inbound" : "outbound",
    action: "accept",
    // A protocol that a fleet file has no word for is told as it is: it differs from anything declared.
    protocol: (protocol === "ipv6-icmp" ? "icmp" : protocol) as FirewallRule["protocol"],
    ...(ports === "-" || ports === ALL_PORTS ? {} : { ports }),
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
