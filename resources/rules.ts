import type { ActualRules } from "./actual.ts";
import { toBlock } from "./blocks.ts";
import type { FirewallRule, FirewallText } from "./spec.ts";

/**
 * A rule in the one form that rules are compared in: blocks in their shortest words and sorted, ports sorted and merged, and no ports where it
 * is about all of them. What is no block (a group, a tag) stays as it is.
 */
export function normalRule({ ports, addresses, ownAddresses, ...rule }: FirewallRule): FirewallRule {
  const merged = normalPorts(ports);
  return {
    ...rule,
    ...(merged === undefined ? {} : { ports: merged }),
    addresses: normalBlocks(addresses),
    ...(ownAddresses === undefined ? {} : { ownAddresses: normalBlocks(ownAddresses) }),
  };
}

/** Ports and ranges in their order, neighbours as one range: "80,22-23,24" is "22-24,80". Undefined for all ports. */
export function normalPorts(ports: string | undefined): string | undefined {
  if (ports === undefined || ports.trim() === "") return undefined;
  const ranges = ports
    .split(",")
    .map((range) => range.trim().split("-").map(Number))
    .map(([low = 0, high = low]) => ({ low, high }))
    .sort((a, b) => a.low - b.low || a.high - b.high);
  const merged: { low: number; high: number }[] = [];
  for (const range of ranges) {
    const last = merged.at(-1);
    if (last !== undefined && range.low <= last.high + 1) last.high = Math.max(last.high, range.high);
    else merged.push({ ...range });
  }
  if (merged[0]!.low <= 1 && merged[0]!.high >= 65_535) return undefined;
  return merged.map(({ low, high }) => (low === high ? String(low) : `${low}-${high}`)).join(",");
}

/** Equal for rules that do the same and are described alike. */
export function ruleKey(rule: FirewallRule): string {
  const { direction, action, protocol, ports, addresses, ownAddresses, description } = normalRule(rule);
  return JSON.stringify([direction, action, protocol, ports, addresses, ownAddresses, description]);
}

/** The order of rules where a cloud keeps none. */
export function sortedRules(rules: readonly FirewallRule[]): FirewallRule[] {
  return rules
    .map((rule) => ({ rule, key: ruleKey(rule) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ rule }) => rule);
}

/**
 * What several firewalls come to at one machine, where a cloud has rules only there: all rules in the order of the firewalls, and a policy that
 * drops where one of them drops.
 */
export function combined(firewalls: readonly FirewallText[]): ActualRules {
  const strictest = (policy: "inboundPolicy" | "outboundPolicy") =>
    firewalls.some((firewall) => firewall[policy] === "drop") ? ("drop" as const) : ("accept" as const);
  return {
    rules: firewalls.flatMap(({ rules }) => rules.map(normalRule)),
    inboundPolicy: strictest("inboundPolicy"),
    outboundPolicy: strictest("outboundPolicy"),
  };
}

function normalBlocks(blocks: readonly string[]): string[] {
  return [...new Set(blocks.map((block) => toBlock(block) ?? block))].sort();
}
