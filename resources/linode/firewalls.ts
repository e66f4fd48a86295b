import type { ActualFirewall, FirewallReader } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { markIn } from "../mark.ts";
import { normalRule } from "../rules.ts";
import type { FirewallRule, FirewallText } from "../spec.ts";
import { type Firewall, isFirewall, type Rule } from "./answers.ts";
import { linodeList, linodeObject } from "./http.ts";

const FIREWALLS = "/v4/networking/firewalls";
const MAX_RULES = 25;
const MAX_ADDRESSES = 255;
const MAX_PORT_PIECES = 15;
const PROTOCOLS: readonly string[] = ["tcp", "udp", "icmp"];

/** @see https://techdocs.akamai.com/linode-api/reference/get-firewalls */
export const firewalls: FirewallReader = {
  async list(call) {
    return (await linodeList<Firewall>(call, FIREWALLS, isFirewall)).map(actual);
  },

  async observe(id: string, call: Call) {
    if (!/^\d{1,15}$/.test(id))
      throw new FleetError("FLEET_INVALID", `"${id}" is no id of a Linode firewall: these are numbers`, {
        cloud: "linode",
      });
    const found = await linodeObject<Firewall>(call, `${FIREWALLS}/${id}`, isFirewall);
    return found && actual(found);
  },

  expect({ rules, inboundPolicy, outboundPolicy }) {
    return { rules: byDirection(rules).map(normalRule), inboundPolicy, outboundPolicy };
  },
};

/** What Linode cannot express of a firewall. */
export function firewallProblems({ rules }: FirewallText): { path: (string | number)[]; message: string }[] {
  const found = rules.flatMap((rule, index) =>
    ruleProblems(rule).map(({ field, message }) => ({ path: ["rules", index, field] as (string | number)[], message })),
  );
  const tooMany = { path: ["rules", MAX_RULES], message: `a firewall has at most ${MAX_RULES} rules` };
  return rules.length > MAX_RULES ? [...found, tooMany] : found;
}

function ruleProblems({ protocol, ports, addresses, ownAddresses }: FirewallRule) {
  const found: { field: string; message: string }[] = [];
  if (!PROTOCOLS.includes(protocol))
    found.push({ field: "protocol", message: `it knows ${PROTOCOLS.join(", ")} and not ${protocol}` });
  if (ownAddresses)
    found.push({ field: "ownAddresses", message: "a rule is for all addresses of the machines behind the firewall" });
  // A range counts twice.
  if ((ports?.split(/[,-]/).length ?? 0) > MAX_PORT_PIECES)
    found.push({ field: "ports", message: `a rule has at most ${MAX_PORT_PIECES} ports, a range counts as two` });
  if (addresses.length > MAX_ADDRESSES)
    found.push({ field: "addresses", message: `a rule has at most ${MAX_ADDRESSES} addresses` });
  return found;
}

/** Linode has two lists, each in its order. */
function byDirection(rules: readonly FirewallRule[]): FirewallRule[] {
  const of = (direction: FirewallRule["direction"]) => rules.filter((rule) => rule.direction === direction);
  return [...of("inbound"), ...of("outbound")];
}

function actual({ id, label, status, tags, rules }: Firewall): ActualFirewall {
  const mark = markIn(tags ?? []);
  const head = { id: String(id), name: label, ...(mark ? { mark } : {}) };
  // One that is switched off lets everything pass, whatever its rules say.
  if (status === "disabled") return { ...head, rules: [], inboundPolicy: "accept", outboundPolicy: "accept" };
  return {
    ...head,
    rules: [
      ...(rules.inbound ?? []).map((rule) => ruleOf("inbound", rule)),
      ...(rules.outbound ?? []).map((rule) => ruleOf("outbound", rule)),
    ],
    inboundPolicy: word(rules.inbound_policy),
    outboundPolicy: word(rules.outbound_policy),
  };
}

function ruleOf(direction: FirewallRule["direction"], rule: Rule): FirewallRule {
  const { ipv4, ipv6 } = rule.addresses ?? {};
  return normalRule({
    direction,
    action: word(rule.action),
    // A hand may have made one of a protocol that files do not have (IPENCAP): it is shown as it is.
    protocol: rule.protocol.toLowerCase() as FirewallRule["protocol"],
    ...(rule.ports ? { ports: rule.ports } : {}),
    addresses: [...(ipv4 ?? []), ...(ipv6 ?? [])],
    ...(rule.description ? { description: rule.description } : {}),
  });
}

const word = (policy: string): "accept" | "drop" => (policy === "ACCEPT" ? "accept" : "drop");
