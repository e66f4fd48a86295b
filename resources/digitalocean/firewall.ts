import { FleetError } from "../errors.ts";
import type { FirewallRule, FirewallSpec } from "../spec.ts";

interface Rule {
  protocol: string;
  portRange?: string;
}

const EVERYWHERE = ["0.0.0.0/0", "::/0"];
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

/**
 * DigitalOcean knows no order, no policies and no dropping: what no rule accepts is dropped. A policy of `accept` becomes rules for everything,
 * and makes the others needless; one range of ports makes one rule.
 *
 * @throws {FleetError} CLOUD_UNSUPPORTED for a rule that drops, FLEET_INVALID when no rule is left.
 */
function rules(firewall: FirewallSpec, direction: FirewallRule["direction"]): { rule: Rule; addresses: string[] }[] {
  const at = { cloud: "digitalocean", firewall: firewall.name };
  if (firewall.rules.some((rule) => rule.action === "drop")) {
    throw new FleetError("CLOUD_UNSUPPORTED", `firewall ${firewall.name}: DigitalOcean has no rules that drop`, at);
  }
  if (firewall.rules.length === 0 && firewall.inboundPolicy === "drop" && firewall.outboundPolicy === "drop") {
    throw new FleetError(
      "FLEET_INVALID",
      `firewall ${firewall.name}: DigitalOcean wants at least one rule that accepts`,
      at,
    );
  }
  const policy = direction === "inbound" ? firewall.inboundPolicy : firewall.outboundPolicy;
  if (policy === "accept") return EVERYTHING.map((rule) => ({ rule, addresses: EVERYWHERE }));
  return firewall.rules
    .filter((rule) => rule.direction === direction)
    .flatMap(({ protocol, ports, addresses }): { rule: Rule; addresses: string[] }[] => {
      if (protocol === "icmp") return [{ rule: { protocol }, addresses }];
      return (ports ?? "1-65535")
        .split(",")
        .map((portRange) => ({ rule: { protocol, portRange: portRange.trim() }, addresses }));
    });
}
