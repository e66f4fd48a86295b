import { createHash } from "node:crypto";
import type { ActualRules } from "../actual.ts";
import { familyOf, toBlock } from "../blocks.ts";
import type { FirewallRule, FirewallText } from "../spec.ts";
import type { GroupRule } from "./answers.ts";

/** Rules that a firewall group takes. */
export const MOST_RULES = 50;
const ALL_PORTS = "1:65535";
const PROTOCOLS = ["tcp", "udp", "icmp", "gre", "esp", "ah"] as const;

/** A block as rules have it: its own family, the network's address, and how many bits are fixed. */
interface Block {
  ipType: "v4" | "v6";
  subnet: string;
  subnetSize: number;
}

/** One rule of a group, in the words of the API: one protocol, one range of ports, one block of sources, always accepting. */
export interface SingleRule extends Block {
  protocol: (typeof PROTOCOLS)[number];
  /** "22" or "8000:8080"; "" for protocols without ports. */
  port: string;
  notes: string;
}

/** A rule as the API tells it, normalized; made by anybody, so of any protocol. */
export type NormalizedRule = Omit<SingleRule, "protocol" | "notes"> & { protocol: string };

export interface FirewallProblem {
  path: readonly (string | number)[];
  message: string;
}

/** What a firewall group cannot express, by path in the firewall's file, each with what mends it. */
export function firewallProblems(firewall: FirewallText): FirewallProblem[] {
  const found: FirewallProblem[] = [];
  if (firewall.inboundPolicy !== "drop") {
    const message =
      "must be drop: a firewall group of Vultr drops what no rule accepts; add rules for what may come in";
    found.push({ path: ["inboundPolicy"], message });
  }
  if (firewall.outboundPolicy !== "accept") {
    const message = "must be accept: Vultr's firewall does not filter what a machine sends; do that on the machine";
    found.push({ path: ["outboundPolicy"], message });
  }
  firewall.rules.forEach((rule, index) => {
    for (const [field, message] of ruleProblems(rule)) found.push({ path: ["rules", index, field], message });
  });
  const count = found.length === 0 ? singleRules(firewall).length : 0;
  if (count > MOST_RULES) {
    const message = `makes ${count} rules at Vultr, one for each range of ports and each block, and a group takes ${MOST_RULES}: join ranges or blocks`;
    found.push({ path: ["rules"], message });
  }
  return found;
}

function ruleProblems(rule: FirewallRule): [string, string][] {
  const found: [string, string][] = [];
  if (rule.action === "drop")
    found.push([
      "action",
      "must be accept: Vultr's rules only accept, and drop what none accepts; leave this rule out",
    ]);
  // What goes out is never filtered, so a rule that lets it go says what is so anyway.
  if (rule.direction === "outbound") return found;
  if (!isProtocol(rule.protocol))
    found.push([
      "protocol",
      `must be one of ${PROTOCOLS.join(", ")}: Vultr has no rule for any protocol; write one rule each`,
    ]);
  if (rule.ownAddresses !== undefined && rule.ownAddresses.length > 0)
    found.push(["ownAddresses", "cannot be: Vultr's rules know the other side only; leave it out"]);
  rule.addresses.forEach((address) => {
    if (parseBlock(address) === undefined) found.push(["addresses", `"${address}" is no address or CIDR block`]);
  });
  return found;
}

function parseBlock(text: string): Block | undefined {
  const block = toBlock(text);
  if (block === undefined) return undefined;
  const [subnet = "", size] = block.split("/");
  return { ipType: familyOf(block) === 4 ? "v4" : "v6", subnet, subnetSize: Number(size) };
}

const isProtocol = (protocol: string): protocol is SingleRule["protocol"] =>
  (PROTOCOLS as readonly string[]).includes(protocol);

/** The group's rules, each once and sorted: the group knows no order. */
export function singleRules({ rules }: Pick<FirewallText, "rules">): SingleRule[] {
  const all = new Map<string, SingleRule>();
  for (const { direction, action, protocol, ports, addresses, description } of rules) {
    if (direction !== "inbound" || action !== "accept" || !isProtocol(protocol)) continue;
    for (const port of portsOf(protocol, ports)) {
      for (const address of addresses) {
        const block = parseBlock(address);
        if (!block) continue;
        const single: SingleRule = { ...block, protocol, port, notes: description ?? "" };
        const key = ruleKey(single);
        if (!all.has(key)) all.set(key, single);
      }
    }
  }
  return [...all].sort(byKey).map(([, rule]) => rule);
}

function portsOf(protocol: string, ports: string | undefined): string[] {
  if (protocol !== "tcp" && protocol !== "udp") return [""];
  if (ports === undefined) return [ALL_PORTS];
  return ports.split(",").map((range) => range.trim().replace("-", ":"));
}

/** What tells a rule from all others of its group; its notes do not count. */
export function ruleKey({ protocol, port, subnet, subnetSize }: NormalizedRule): string {
  return [protocol, port || "-", `${subnet}/${subnetSize}`].join(" ");
}

/** The end of a rule's resource name: the same for as long as the rule is, so that others come and go around it. */
export function ruleName(rule: SingleRule): string {
  return createHash("sha256").update(ruleKey(rule)).digest("hex").slice(0, 12);
}

/** Ports may be parted by `-`, and a rule for Cloudflare's addresses names these in place of a subnet. */
export function normalized(rule: GroupRule): NormalizedRule {
  const block = parseBlock(`${rule.subnet}/${rule.subnet_size}`);
  const protocol = rule.protocol.toLowerCase();
  const port = (rule.port ?? "").replace(/\s/g, "").replace("-", ":");
  const hasPorts = protocol === "tcp" || protocol === "udp";
  return {
    ipType: block?.ipType ?? "v4",
    subnet: rule.source ? rule.source : (block?.subnet ?? rule.subnet),
    subnetSize: block?.subnetSize ?? rule.subnet_size,
    protocol,
    port: hasPorts ? port || ALL_PORTS : "",
  };
}

/** The rules of a group in the words of a fleet file, sorted. */
export function actualRules(rules: readonly GroupRule[]): ActualRules {
  return inWords(rules.map(normalized));
}

/** What `actualRules` gives when the group is as desired. */
export function expectedRules(firewall: FirewallText): ActualRules {
  return inWords(singleRules(firewall));
}

function inWords(rules: readonly NormalizedRule[]): ActualRules {
  const sorted = rules.map((rule): [string, NormalizedRule] => [ruleKey(rule), rule]).sort(byKey);
  return {
    rules: sorted.map(([, rule]) => ({
      direction: "inbound",
      action: "accept",
      // Vultr has no others; a new one would be shown in its own word.
      protocol: rule.protocol as FirewallRule["protocol"],
      ...(rule.port && rule.port !== ALL_PORTS ? { ports: rule.port.replace(":", "-") } : {}),
      addresses: [`${rule.subnet}/${rule.subnetSize}`],
    })),
    inboundPolicy: "drop",
    outboundPolicy: "accept",
  };
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
