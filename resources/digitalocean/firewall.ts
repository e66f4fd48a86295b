import { EVERYWHERE as BLOCKS } from "../blocks.ts";
import { FleetError } from "../errors.ts";
import type { FirewallRule, FirewallSpec, FirewallText } from "../spec.ts";

interface Rule {
  protocol: string;
  portRange?: string;
}

const EVERYWHERE = [...BLOCKS];
const EVERYTHING: Rule[] = [
  { protocol: "tcp", portRange: "1-65535" },
  { protocol: "udp", portRange: "1-65535" },
  { protocol: "icmp" },
];

export function inboundRules(firewall: FirewallSpec): (Rule & { sourceAddresses: string[] })[] {
  return rules(firewall, "inbound").map(({ rule, addresses }) => ({ ...rule, sourceAddresses: addresses }));
}

export function outboundRules(firewall: FirewallSpec): (Rule & { destinationAddresses: string[] })[] {
  return rules(firewall, "outbound").map(({ rule, addresses }) => ({ ...rule, destinationAddresses: addresses }));
}

/** @see https://docs.digitalocean.com/products/networking/firewalls/details/limits/ */
const MAX_RULES = 50;
const MAX_ADDRESSES = 1000;

/** What DigitalOcean cannot express of a firewall. Each firewall takes one tag of the five, and finds any number of droplets by it. */
export function firewallProblems(firewall: FirewallText): { path: (string | number)[]; message: string }[] {
  const found = firewall.rules.flatMap((rule, index) =>
    ruleProblems(rule).map(({ field, message }) => ({ path: ["rules", index, field] as (string | number)[], message })),
  );
  const count = rulesOf(firewall, "inbound").length + rulesOf(firewall, "outbound").length;
  if (count > MAX_RULES) {
    const message = `a firewall has at most ${MAX_RULES} rules, and this one comes to ${count}: each range of ports is a rule of its own`;
    found.push({ path: ["rules"], message });
  }
  if (count === 0)
    found.push({ path: ["rules"], message: "it wants at least one rule that accepts, or a policy that does" });
  return found;
}

function ruleProblems({ action, protocol, addresses, ownAddresses }: FirewallRule) {
  const found: { field: string; message: string }[] = [];
  if (action === "drop")
    found.push({ field: "action", message: "it has no rules that drop: what no rule accepts is dropped" });
  if (!isProtocol(protocol)) {
    const each = protocol === "any" ? "; write one rule for each" : "";
    found.push({ field: "protocol", message: `it knows tcp, udp and icmp, and not ${protocol}${each}` });
  }
  if (ownAddresses)
    found.push({ field: "ownAddresses", message: "a rule is for all addresses of the droplets behind the firewall" });
  if (addresses.length > MAX_ADDRESSES)
    found.push({ field: "addresses", message: `a rule has at most ${MAX_ADDRESSES} addresses` });
  return found;
}

const isProtocol = (protocol: string): boolean => ["tcp", "udp", "icmp"].includes(protocol);

/** One range of ports makes one rule; "1-65535" is all of them. */
export function portRanges(ports: string | undefined): string[] {
  return (ports ?? "1-65535").split(",").map((range) => range.trim());
}

/**
 * DigitalOcean knows no order, no policies and no dropping: what no rule accepts is dropped. A policy of `accept` becomes rules for everything,
 * and makes the others needless.
 */
function rulesOf(firewall: FirewallText, direction: FirewallRule["direction"]): { rule: Rule; addresses: string[] }[] {
  const policy = direction === "inbound" ? firewall.inboundPolicy : firewall.outboundPolicy;
  if (policy === "accept") return EVERYTHING.map((rule) => ({ rule, addresses: EVERYWHERE }));
  return firewall.rules
    .filter((rule) => rule.direction === direction)
    .flatMap(({ protocol, ports, addresses }): { rule: Rule; addresses: string[] }[] => {
      if (protocol === "icmp") return [{ rule: { protocol }, addresses }];
      return portRanges(ports).map((portRange) => ({ rule: { protocol, portRange }, addresses }));
    });
}

/** @throws {FleetError} FLEET_INVALID for a firewall that DigitalOcean cannot express. */
function rules(firewall: FirewallSpec, direction: FirewallRule["direction"]) {
  const [problem] = firewallProblems(firewall);
  if (problem) {
    const message = `firewall ${firewall.name}: ${problem.path.join(".")}: ${problem.message}`;
    throw new FleetError("FLEET_INVALID", message, { cloud: "digitalocean", firewall: firewall.name });
  }
  return rulesOf(firewall, direction);
}
