import type { ActualRules } from "../actual.ts";
import { EVERYWHERE, familyOf, isEverywhere } from "../blocks.ts";
import { combined, normalRule, ruleKey } from "../rules.ts";
import type { FirewallRule, FirewallText } from "../spec.ts";

/** A rule as the API of Proxmox VE has it. */
export interface PveRule {
  type: string;
  action: string;
  proto?: string;
  source?: string;
  dest?: string;
  dport?: string;
  comment?: string;
  /** What files cannot say: `macro`, `iface`, `sport`, `icmp-type`. */
  [other: string]: unknown;
}

const MAX_ADDRESS_TEXT = 512;
const MAX_PORTS = 15;
const FAMILIES = [4, 6] as const;
const ICMP = { 4: "icmp", 6: "ipv6-icmp" } as const;
const OTHERS = ["macro", "iface", "sport", "icmp-type"];

/** What rules and policies of a machine's firewalls come to on Proxmox VE, in the words of a fleet file. */
export function expectedRules(firewalls: readonly FirewallText[]): ActualRules {
  const { rules, ...policies } = combined(firewalls);
  const all = rules.flatMap(atomsOf).map(normalRule);
  // The second of two equal rules is never reached.
  return { rules: [...new Map(all.map((rule) => [ruleKey(rule), rule])).values()], ...policies };
}

/** One rule of Proxmox VE is about one version of IP as soon as it names addresses, or ICMP, which has a protocol for each. */
function atomsOf(rule: FirewallRule): FirewallRule[] {
  const { addresses, ownAddresses, protocol } = rule;
  if (protocol !== "icmp" && ownAddresses === undefined && isEverywhere(addresses) && addresses.length === 2)
    return [rule];
  return FAMILIES.flatMap((family): FirewallRule[] => {
    const of = (blocks: readonly string[]) => blocks.filter((block) => familyOf(block) === family);
    const [others, own] = [of(addresses), ownAddresses && of(ownAddresses)];
    if (others.length === 0 || own?.length === 0) return [];
    return [{ ...rule, addresses: others, ...(own ? { ownAddresses: own } : {}) }];
  });
}

/** An atom as the API takes it. */
export function pveRule({
  direction,
  action,
  protocol,
  ports,
  addresses,
  ownAddresses,
  description,
}: FirewallRule): PveRule {
  const isIn = direction === "inbound";
  const family = familyOf(addresses[0] ?? "0.0.0.0/0");
  const proto = protocol === "icmp" ? ICMP[family] : protocol;
  const [everybody] = EVERYWHERE.filter((block) => familyOf(block) === family);
  // What ICMP is said to be for says the version of IP already; elsewhere only an address does.
  const anybody =
    isEverywhere(addresses) || (protocol === "icmp" && addresses.length === 1 && addresses[0] === everybody);
  const others = anybody ? undefined : addresses.join(",");
  const own = ownAddresses?.join(",");
  const [source, dest] = isIn ? [others, own] : [own, others];
  return {
    type: isIn ? "in" : "out",
    action: action.toUpperCase(),
    ...(proto === "any" ? {} : { proto }),
    ...(source === undefined ? {} : { source }),
    ...(dest === undefined ? {} : { dest }),
    ...(ports === undefined ? {} : { dport: ports.replaceAll("-", ":") }),
    ...(description === undefined ? {} : { comment: description }),
  };
}

/** A rule of Proxmox VE in the words of a fleet file; what a file cannot say is told beside the protocol. */
export function fleetRule(rule: PveRule): FirewallRule {
  const { type, action, proto = "any", source, dest, dport, comment } = rule;
  const direction = type === "out" ? "outbound" : "inbound";
  const version = proto === ICMP[6] || proto === "icmpv6" || proto === "58" ? 6 : 4;
  const isIcmp = version === 6 || proto === "icmp" || proto === "1";
  const [others, own] = direction === "inbound" ? [source, dest] : [dest, source];
  const everybody = isIcmp ? EVERYWHERE.filter((block) => familyOf(block) === version) : EVERYWHERE;
  const extras = OTHERS.filter((name) => rule[name] !== undefined).map((name) => `${name} ${rule[name]}`);
  const protocol = [isIcmp ? "icmp" : proto, ...extras].join(" ");
  return normalRule({
    direction,
    action: (type === "group" ? `group ${action}` : action.toLowerCase()) as FirewallRule["action"],
    protocol: protocol as FirewallRule["protocol"],
    ...(dport === undefined ? {} : { ports: dport.replaceAll(":", "-") }),
    addresses: others === undefined ? [...everybody] : others.split(","),
    ...(own === undefined ? {} : { ownAddresses: own.split(",") }),
    ...(comment ? { description: comment.trim() } : {}),
  });
}

const KEYS = ["proto", "source", "dest", "dport", ...OTHERS] as const;

/** A rule as one line, as it stands in state: `IN ACCEPT -source 10.0.0.0/8 -proto tcp -dport 22 # why`. */
export function ruleLine(rule: PveRule): string {
  const fields = KEYS.flatMap((key) => (rule[key] === undefined ? [] : [`-${key} ${rule[key]}`]));
  return [rule.type.toUpperCase(), rule.action, ...fields, ...(rule.comment ? [`# ${rule.comment.trim()}`] : [])].join(
    " ",
  );
}

/** The rule of such a line. */
export function parseLine(line: string): PveRule {
  const [head = "", ...comment] = line.split(" # ");
  const [type = "", action = "", ...fields] = head.split(" ");
  const rule: PveRule = { type: type.toLowerCase(), action };
  for (let at = 0; at + 1 < fields.length; at += 2) rule[fields[at]!.slice(1)] = fields[at + 1]!;
  return comment.length > 0 ? { ...rule, comment: comment.join(" # ") } : rule;
}

/** What Proxmox VE cannot express of a firewall. */
export function firewallProblems({ rules }: FirewallText): { path: (string | number)[]; message: string }[] {
  return rules.flatMap((rule, index) => {
    const { ports, addresses, ownAddresses, description } = rule;
    const found: { path: (string | number)[]; message: string }[] = [];
    const add = (field: string, message: string) => found.push({ path: ["rules", index, field], message });
    if ((ports?.split(/[,-]/).length ?? 0) > MAX_PORTS)
      add("ports", `a rule has at most ${MAX_PORTS} ports, a range counts as two`);
    const isLong = (blocks: readonly string[] = []) =>
      FAMILIES.some(
        (family) => blocks.filter((block) => familyOf(block) === family).join(",").length > MAX_ADDRESS_TEXT,
      );
    const long = `a rule has at most ${MAX_ADDRESS_TEXT} characters of addresses of one version of IP`;
    if (isLong(addresses)) add("addresses", long);
    if (isLong(ownAddresses)) add("ownAddresses", long);
    if (description !== undefined && /[\r\n]/.test(description)) add("description", "a rule's comment is one line");
    return found;
  });
}
