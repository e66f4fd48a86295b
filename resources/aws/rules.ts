import { EVERYWHERE, familyOf } from "../blocks.ts";
import type { FirewallRule, FirewallText } from "../spec.ts";

/** One rule of a security group, as the plugin takes it. */
export interface GroupRule {
  protocol: string;
  fromPort: number;
  toPort: number;
  description?: string;
  cidrBlocks: string[];
  ipv6CidrBlocks: string[];
}

/** Quotas of a group, each way and by IP version. @see https://docs.aws.amazon.com/vpc/latest/userguide/amazon-vpc-limits.html */
const MOST_RULES = 60;
const DESCRIPTION = /^[a-zA-Z0-9. _\-:/()#,@[\]+=&;{}!$*]{0,255}$/;

/** EC2's words for a protocol, by IP version. */
const PROTOCOLS: Readonly<Record<FirewallRule["protocol"], { 4: string; 6: string }>> = {
  tcp: { 4: "tcp", 6: "tcp" },
  udp: { 4: "udp", 6: "udp" },
  icmp: { 4: "icmp", 6: "icmpv6" },
  any: { 4: "-1", 6: "-1" },
  esp: { 4: "50", 6: "50" },
  gre: { 4: "47", 6: "47" },
  ah: { 4: "51", 6: "51" },
};

/**
 * A group's rules of one direction: one for each protocol, range of ports and description, its blocks sorted, nothing twice, because EC2 refuses what
 * it has already. A policy that accepts is a rule for everything, and makes the others needless.
 */
export function groupRules(firewall: FirewallText, direction: FirewallRule["direction"]): GroupRule[] {
  const policy = direction === "inbound" ? firewall.inboundPolicy : firewall.outboundPolicy;
  const everything: FirewallRule = { direction, action: "accept", protocol: "any", addresses: [...EVERYWHERE] };
  const wanted = policy === "accept" ? [everything] : firewall.rules.filter((rule) => rule.direction === direction);
  const merged = new Map<string, GroupRule>();
  const taken = new Set<string>();
  for (const rule of wanted) {
    for (const address of rule.addresses) {
      const family = familyOf(address);
      const protocol = PROTOCOLS[rule.protocol][family];
      for (const { fromPort, toPort } of portRanges(rule)) {
        const what = [protocol, fromPort, toPort].join(" ");
        if (taken.has(`${what} ${address}`)) continue;
        taken.add(`${what} ${address}`);
        const key = `${what} ${rule.description ?? ""}`;
        const group = merged.get(key) ?? {
          protocol,
          fromPort,
          toPort,
          ...(rule.description ? { description: rule.description } : {}),
          cidrBlocks: [],
          ipv6CidrBlocks: [],
        };
        (family === 4 ? group.cidrBlocks : group.ipv6CidrBlocks).push(address);
        merged.set(key, group);
      }
    }
  }
  return [...merged.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, rule]) => ({ ...rule, cidrBlocks: rule.cidrBlocks.sort(), ipv6CidrBlocks: rule.ipv6CidrBlocks.sort() }));
}

/** "22,8000-8080" as ranges; protocols without ports have what EC2 writes for all. */
function portRanges({ protocol, ports }: FirewallRule): { fromPort: number; toPort: number }[] {
  if (protocol === "icmp") return [{ fromPort: -1, toPort: -1 }];
  if (protocol !== "tcp" && protocol !== "udp") return [{ fromPort: 0, toPort: 0 }];
  return (ports ?? "0-65535").split(",").map((range) => {
    const [from = 0, to = from] = range.split("-").map(Number);
    return { fromPort: from, toPort: to };
  });
}

/** What a security group cannot express, by path in the firewall's file. */
export function firewallProblems(firewall: FirewallText): { path: readonly (string | number)[]; message: string }[] {
  const each = firewall.rules.flatMap((rule, index) => {
    const found: { path: (string | number)[]; message: string }[] = [];
    const problem = (field: string, message: string) => found.push({ path: ["rules", index, field], message });
    if (rule.action === "drop")
      problem("action", "is `drop`, but security groups of EC2 only accept; what no rule accepts is dropped");
    if (rule.ownAddresses !== undefined)
      problem("ownAddresses", "cannot be told by security groups of EC2: they know the other side only");
    if (rule.description !== undefined && !DESCRIPTION.test(rule.description))
      problem(
        "description",
        "has characters or a length that EC2 does not take: 255 of a-z A-Z 0-9 and . _-:/()#,@[]+=&;{}!$*",
      );
    return found;
  });
  const counts = (["inbound", "outbound"] as const).flatMap((direction) => {
    const rules = groupRules(firewall, direction);
    const most = Math.max(
      rules.reduce((sum, { cidrBlocks }) => sum + cidrBlocks.length, 0),
      rules.reduce((sum, { ipv6CidrBlocks }) => sum + ipv6CidrBlocks.length, 0),
    );
    const message = `make ${most} ${direction} rules of one IP version (a block and a range of ports are one); EC2 takes ${MOST_RULES} in a group`;
    return most > MOST_RULES ? [{ path: ["rules"], message }] : [];
  });
  return [...each, ...counts];
}
