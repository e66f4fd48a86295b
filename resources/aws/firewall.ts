import type { ActualFirewall, ActualRules, FirewallReader } from "../actual.ts";
import { familyOf } from "../blocks.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import type { FirewallRule } from "../spec.ts";
import { isSecurityGroup, type Permission, type SecurityGroup } from "./answers.ts";
import { ec2List, PAGE_SIZE } from "./http.ts";
import { MARK_TAG, NAME_TAG } from "./names.ts";
import { regionsOf } from "./regions.ts";
import { type GroupRule, groupRules } from "./rules.ts";

/** How drift of rules is found: rule by rule, in the words of a fleet file. */
export const firewalls: FirewallReader = {
  async list(call) {
    const regions = await regionsOf(call);
    const found = await Promise.all(regions.map((region) => groupsIn(call, region)));
    return found.flat();
  },

  /** Ids of groups say no region, so the account's regions are asked in turn; all have to say that it is gone. */
  async observe(id, call) {
    for (const region of await regionsOf(call)) {
      const groups = await groupsIn(call, region, id).catch((error: unknown) => {
        if (error instanceof FleetError && error.code === "NOT_FOUND") return [];
        throw error;
      });
      const found = groups.find((group) => group.id === id);
      if (found) return found;
    }
    return undefined;
  },

  expect: (firewall) => rulesOf(groupRules(firewall, "inbound"), groupRules(firewall, "outbound")),
};

async function groupsIn(call: Call, region: string, id?: string): Promise<ActualFirewall[]> {
  const groups = await ec2List(call, region, "DescribeSecurityGroups", {
    list: "securityGroupInfo",
    isItem: isSecurityGroup,
    ...(id === undefined ? { pageSize: PAGE_SIZE } : { parameters: { "GroupId.1": id } }),
  });
  return groups.map((group) => actualGroup(region, group));
}

function actualGroup(region: string, group: SecurityGroup): ActualFirewall {
  const tag = (name: string) => group.tagSet?.find(({ key }) => key === name)?.value;
  const mark = tag(MARK_TAG);
  return {
    id: group.groupId,
    name: tag(NAME_TAG) ?? group.groupName,
    ...(mark ? { mark } : {}),
    region,
    ...rulesOf(group.ipPermissions.flatMap(asGroupRules), group.ipPermissionsEgress.flatMap(asGroupRules)),
  };
}

function asGroupRules(permission: Permission): GroupRule[] {
  const { ipProtocol, fromPort, toPort, ipRanges = [], ipv6Ranges = [], prefixListIds = [], groups = [] } = permission;
  const sides = [
    ...ipRanges.map(({ cidrIp, description }) => ({ address: cidrIp, description })),
    ...ipv6Ranges.map(({ cidrIpv6, description }) => ({ address: cidrIpv6, description })),
    // Nothing that a fleet declares, so it shows as drift.
    ...prefixListIds.map(({ prefixListId }) => ({ address: prefixListId, description: undefined })),
    ...groups.map(({ groupId }) => ({ address: groupId ?? "a security group", description: undefined })),
  ];
  return sides.map(({ address, description }) => ({
    protocol: ipProtocol,
    fromPort: Number(fromPort ?? 0),
    toPort: Number(toPort ?? 0),
    ...(description ? { description } : {}),
    cidrBlocks: familyOf(address) === 4 ? [address] : [],
    ipv6CidrBlocks: familyOf(address) === 6 ? [address] : [],
  }));
}

function rulesOf(inbound: readonly GroupRule[], outbound: readonly GroupRule[]): ActualRules {
  const [ins, outs] = [sideOf("inbound", inbound), sideOf("outbound", outbound)];
  return { rules: [...ins.rules, ...outs.rules], inboundPolicy: ins.policy, outboundPolicy: outs.policy };
}

/** A group accepts and has no order; what accepts everything from everywhere is a policy, and makes all else needless. */
function sideOf(
  direction: FirewallRule["direction"],
  all: readonly GroupRule[],
): { rules: FirewallRule[]; policy: "accept" | "drop" } {
  const merged = new Map<string, FirewallRule>();
  for (const rule of all) {
    const words = {
      direction,
      action: "accept" as const,
      ...wordsOf(rule),
      ...(rule.description ? { description: rule.description } : {}),
    };
    const key = JSON.stringify(words);
    const addresses = [...(merged.get(key)?.addresses ?? []), ...rule.cidrBlocks, ...rule.ipv6CidrBlocks];
    merged.set(key, { ...words, addresses: [...new Set(addresses)].sort() });
  }
  const rules = [...merged.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, rule]) => rule);
  const open = (address: string) =>
    rules.some(({ protocol, addresses }) => protocol === "any" && addresses.includes(address));
  return open("0.0.0.0/0") && open("::/0") ? { rules: [], policy: "accept" } : { rules, policy: "drop" };
}

const WORDS: Readonly<Record<string, FirewallRule["protocol"]>> = {
  "-1": "any",
  icmp: "icmp",
  icmpv6: "icmp",
  "58": "icmp",
  tcp: "tcp",
  udp: "udp",
  "50": "esp",
  "47": "gre",
  "51": "ah",
};

function wordsOf({ protocol, fromPort, toPort }: GroupRule): Pick<FirewallRule, "protocol" | "ports"> {
  // Another protocol, by its number: only a hand can have put it there, and it has to show.
  const word = WORDS[protocol] ?? (protocol as FirewallRule["protocol"]);
  const whole = word === "tcp" || word === "udp" ? fromPort === 0 && toPort === 65535 : fromPort <= 0 && toPort <= 0;
  if (whole) return { protocol: word };
  return { protocol: word, ports: fromPort === toPort ? String(fromPort) : `${fromPort}-${toPort}` };
}
