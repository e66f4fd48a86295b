import type { ActualFirewall, ActualRules, FirewallReader } from "../actual.ts";
import { isEverywhere } from "../blocks.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { markWithin } from "../mark.ts";
import { normalRule, ruleKey, sortedRules } from "../rules.ts";
import type { FirewallRule } from "../spec.ts";
import { type Ends, type Firewall, isFirewall, type Rule } from "./answers.ts";
import { portRanges } from "./firewall.ts";
import { digitaloceanList, digitaloceanObject } from "./http.ts";

const FIREWALLS = "/v2/firewalls";
const UUID = /^[0-9a-f-]{8,64}$/i;

/**
 * DigitalOcean keeps rules in no order and has no policies. Both sides of a comparison are brought to one form: one range of ports a rule, sorted,
 * without descriptions; a direction whose rules let everything pass is a policy of `accept` and has no rules.
 * @see https://docs.digitalocean.com/reference/api/reference/firewalls/
 */
export const firewalls: FirewallReader = {
  async list(call) {
    return (await digitaloceanList<Firewall>(call, FIREWALLS, "firewalls", isFirewall)).map(actual);
  },

  async observe(id: string, call: Call) {
    if (!UUID.test(id))
      throw new FleetError("FLEET_INVALID", `"${id}" is no id of a DigitalOcean firewall`, { cloud: "digitalocean" });
    const found = await digitaloceanObject<Firewall>(call, `${FIREWALLS}/${id}`, "firewall", isFirewall);
    return found && actual(found);
  },

  expect({ rules, inboundPolicy, outboundPolicy }) {
    const single = rules.flatMap(({ description: _, ports, ...rule }) =>
      portRanges(ports).map((range) => normalRule({ ...rule, ports: range })),
    );
    return oneForm(single, { inbound: inboundPolicy, outbound: outboundPolicy });
  },
};

type Policies = Record<FirewallRule["direction"], "accept" | "drop">;

/** Rules say nothing where the policy accepts. */
function oneForm(rules: readonly FirewallRule[], policies: Policies): ActualRules {
  const unique = new Map(rules.map((rule) => [ruleKey(rule), rule]));
  const told = [...unique.values()].filter(({ direction }) => policies[direction] === "drop");
  return { rules: sortedRules(told), inboundPolicy: policies.inbound, outboundPolicy: policies.outbound };
}

function actual({ id, name, inbound_rules, outbound_rules }: Firewall): ActualFirewall {
  const mark = markWithin(name);
  const inbound = (inbound_rules ?? []).map((rule) => ruleOf("inbound", rule, rule.sources));
  const outbound = (outbound_rules ?? []).map((rule) => ruleOf("outbound", rule, rule.destinations));
  const policies: Policies = { inbound: policyOf(inbound), outbound: policyOf(outbound) };
  return { id, name, ...(mark ? { mark } : {}), ...oneForm([...inbound, ...outbound], policies) };
}

function policyOf(rules: readonly FirewallRule[]): "accept" | "drop" {
  const passes = (protocol: string) =>
    rules.some((rule) => rule.protocol === protocol && rule.ports === undefined && isEverywhere(rule.addresses));
  return ["tcp", "udp", "icmp"].every(passes) ? "accept" : "drop";
}

function ruleOf(direction: FirewallRule["direction"], { protocol, ports }: Rule, ends: Ends = {}): FirewallRule {
  const all = protocol === "icmp" || ports === undefined || ports === "0" || ports === "all";
  return normalRule({
    direction,
    action: "accept",
    protocol: protocol as FirewallRule["protocol"],
    ...(all ? {} : { ports }),
    addresses: [
      ...(ends.addresses ?? []),
      // Files cannot name these; a rule that a hand made with one is shown with it.
      ...(ends.droplet_ids ?? []).map((id) => `droplet ${id}`),
      ...(ends.tags ?? []).map((tag) => `tag ${tag}`),
      ...(ends.load_balancer_uids ?? []).map((uid) => `load balancer ${uid}`),
      ...(ends.kubernetes_ids ?? []).map((kubernetes) => `cluster ${kubernetes}`),
    ],
  });
}
