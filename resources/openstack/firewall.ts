import type { ActualFirewall, ActualRules } from "../actual.ts";
import { markWithin } from "../mark.ts";
import type { FirewallRule, FirewallText } from "../spec.ts";
import type { SecurityGroup, SecurityGroupRule } from "./answers.ts";
import { normalCidr } from "./cidr.ts";

/**
 * One rule of a security group as a line: `inbound tcp 8000-8080 192.0.2.0/24`. A group is a set of such lines: Neutron keeps no order, and a rule can
 * only accept. Ports are `*` for all; an address that is no block stands for another group.
 */
export type RuleLine = string;

const EVERYWHERE = ["0.0.0.0/0", "::/0"];
const EVERYTHING = (direction: FirewallRule["direction"]): RuleLine[] =>
  EVERYWHERE.map((address) => `${direction} any * ${address}`);

/** The lines of a firewall. A policy of `accept` becomes rules for everything, and makes the others of its direction needless. */
export function linesOf(firewall: FirewallText): RuleLine[] {
  const lines = (["inbound", "outbound"] as const).flatMap((direction) => {
    const policy = direction === "inbound" ? firewall.inboundPolicy : firewall.outboundPolicy;
    if (policy === "accept") return EVERYTHING(direction);
    return firewall.rules
      .filter((rule) => rule.direction === direction && rule.action === "accept")
      .flatMap(({ protocol, ports, addresses }) =>
        addresses.flatMap((address) =>
          portsOf(protocol, ports).map((range) => `${direction} ${protocol} ${range} ${normalCidr(address)}`),
        ),
      );
  });
  return [...new Set(lines)].sort();
}

/** One range of ports is one rule; only TCP and UDP have ports. */
function portsOf(protocol: FirewallRule["protocol"], ports: string | undefined): string[] {
  if (!ports || (protocol !== "tcp" && protocol !== "udp")) return ["*"];
  return ports.split(",").map((part) => {
    const [first = "", last = first] = part.trim().split("-");
    return first === last ? first : Number(first) <= 1 && Number(last) === 65_535 ? "*" : `${first}-${last}`;
  });
}

/** The body of `POST /security-group-rules` for a line. */
export function ruleBody(line: RuleLine, group: string): Record<string, string | number | null> {
  const [direction, protocol = "any", ports = "*", address = ""] = line.split(" ");
  const [first, last = first] = ports.split("-");
  const ipv6 = address.includes(":");
  return {
    security_group_id: group,
    direction: direction === "inbound" ? "ingress" : "egress",
    ethertype: ipv6 ? "IPv6" : "IPv4",
    protocol: protocol === "any" ? null : protocol === "icmp" && ipv6 ? "ipv6-icmp" : protocol,
    port_range_min: ports === "*" ? null : Number(first),
    port_range_max: ports === "*" ? null : Number(last),
    remote_ip_prefix: address,
  };
}

/** The line of a rule that Neutron has. */
export function lineOf(rule: SecurityGroupRule): RuleLine {
  const direction = rule.direction === "ingress" ? "inbound" : "outbound";
  const everywhere = rule.ethertype === "IPv6" ? "::/0" : "0.0.0.0/0";
  const address = rule.remote_group_id ?? normalCidr(rule.remote_ip_prefix ?? everywhere);
  return `${direction} ${protocolOf(rule.protocol)} ${rangeOf(rule)} ${address}`;
}

const PROTOCOLS: Readonly<Record<string, string>> = {
  icmpv6: "icmp",
  "ipv6-icmp": "icmp",
  "1": "icmp",
  "58": "icmp",
  "6": "tcp",
  "17": "udp",
  "47": "gre",
  "50": "esp",
  "51": "ah",
  "0": "any",
};

function protocolOf(protocol: string | null): string {
  return protocol === null ? "any" : (PROTOCOLS[protocol] ?? protocol);
}

function rangeOf({ port_range_min: first, port_range_max: last }: SecurityGroupRule): string {
  if (first === null && last === null) return "*";
  if (first === last) return String(first);
  return (first ?? 1) <= 1 && last === 65_535 ? "*" : `${first}-${last}`;
}

/** The rules of lines in the words of a fleet file: addresses of the same rule together, and accepting everything as the policy that it is. */
export function rulesOf(lines: readonly RuleLine[]): ActualRules {
  const has = new Set(lines);
  const accepts = (direction: FirewallRule["direction"]) => EVERYTHING(direction).every((line) => has.has(line));
  const rules = new Map<string, FirewallRule>();
  for (const line of [...lines].sort()) {
    const [direction, protocol, ports, address = ""] = line.split(" ") as [
      FirewallRule["direction"],
      FirewallRule["protocol"],
      string,
      string?,
    ];
    if (accepts(direction) && EVERYTHING(direction).includes(line)) continue;
    const key = `${direction} ${protocol} ${ports}`;
    const rule = rules.get(key) ?? {
      direction,
      action: "accept",
      protocol,
      ...(ports === "*" ? {} : { ports }),
      addresses: [],
    };
    rule.addresses.push(address);
    rules.set(key, rule);
  }
  return {
    rules: [...rules.values()],
    inboundPolicy: accepts("inbound") ? "accept" : "drop",
    outboundPolicy: accepts("outbound") ? "accept" : "drop",
  };
}

export function actualFirewall(group: SecurityGroup): ActualFirewall {
  const mark = markWithin(group.description ?? "");
  const lines = [...new Set(group.security_group_rules.map(lineOf))];
  return { id: group.id, name: group.name, ...(mark ? { mark } : {}), ...rulesOf(lines) };
}

/** What security groups cannot express, by path in the firewall's file. */
export function firewallProblems(firewall: FirewallText): { path: (string | number)[]; message: string }[] {
  return firewall.rules.flatMap((rule, index) => {
    const found: { path: (string | number)[]; message: string }[] = [];
    const add = (field: string, message: string) => found.push({ path: ["rules", index, field], message });
    if (rule.action === "drop") add("action", "is not to be had on OpenStack, whose security groups only accept");
    if (rule.ownAddresses !== undefined) {
      add("ownAddresses", "is not to be had on OpenStack, whose rules name only the other side");
    }
    return found;
  });
}
