import { isIP } from "node:net";
import { type Body, Fields } from "./fields.ts";
import type { FirewallRule, FirewallRules } from "./world.ts";

const MAX_RULES = 25;
const MAX_PORT_PIECES = 15;
const POLICY = /^(ACCEPT|DROP)$/;

/** Reads a whole rule set; what is wrong is added to `fields` under `prefix`. The policies must be there unless `before` has them. */
export function readRules(body: Body, fields: Fields, prefix: string, before?: FirewallRules): FirewallRules {
  const set = new Fields(body);
  if (!before) {
    set.require("inbound_policy");
    set.require("outbound_policy");
  }
  const policy = (field: "inbound_policy" | "outbound_policy") =>
    (set.string(field, { pattern: POLICY, help: "Must be ACCEPT or DROP" }) as "ACCEPT" | "DROP" | undefined) ??
    before?.[field] ??
    "ACCEPT";
  const rules: FirewallRules = {
    inbound: readDirection(set, "inbound") ?? before?.inbound ?? [],
    inbound_policy: policy("inbound_policy"),
    outbound: readDirection(set, "outbound") ?? before?.outbound ?? [],
    outbound_policy: policy("outbound_policy"),
    version: (before?.version ?? 0) + 1,
  };
  if (rules.inbound.length + rules.outbound.length > MAX_RULES) {
    set.fail("inbound", `A firewall has at most ${MAX_RULES} rules`);
  }
  for (const { field, reason } of set.reasons) fields.fail(`${prefix}${field}`, reason);
  return rules;
}

function readDirection(set: Fields, direction: "inbound" | "outbound"): FirewallRule[] | undefined {
  if (!set.has(direction)) return undefined;
  const list = set.body[direction];
  if (!Array.isArray(list)) {
    set.fail(direction, "Must be a list");
    return undefined;
  }
  return list.map((item, index) => {
    const rule = new Fields(typeof item === "object" && item !== null ? (item as Body) : {});
    const read = readRule(rule);
    for (const { field, reason } of rule.reasons) set.fail(`${direction}[${index}].${field}`, reason);
    return read;
  });
}

function readRule(rule: Fields): FirewallRule {
  for (const field of ["action", "protocol", "addresses"]) rule.require(field);
  const action = rule.string("action", { pattern: POLICY, help: "Must be ACCEPT or DROP" });
  const protocol = rule.string("protocol", {
    pattern: /^(TCP|UDP|ICMP|IPENCAP)$/,
    help: "Must be one of TCP, UDP, ICMP, IPENCAP",
  });
  const label = rule.string("label", { min: 3, max: 32 });
  const description = rule.string("description", { min: 1, max: 100 });
  const ports = rule.string("ports");
  if (ports && (protocol === "ICMP" || protocol === "IPENCAP"))
    rule.fail("ports", `ports are not allowed with ${protocol}`);
  if (ports && !isPorts(ports)) rule.fail("ports", "Must be ports and ranges from 1 to 65535, at most 15 pieces");
  return {
    action: action as FirewallRule["action"],
    protocol: protocol as FirewallRule["protocol"],
    ...(label === undefined ? {} : { label }),
    ...(description === undefined ? {} : { description }),
    ...(ports ? { ports } : {}),
    addresses: readAddresses(rule),
  };
}

function readAddresses(rule: Fields): FirewallRule["addresses"] {
  const addresses = new Fields(rule.object("addresses") ?? {});
  const ipv4 = addresses.strings("ipv4");
  const ipv6 = addresses.strings("ipv6");
  if (ipv4?.some((block) => !isBlock(block, 4))) addresses.fail("ipv4", "Must be IPv4 addresses or networks");
  if (ipv6?.some((block) => !isBlock(block, 6))) addresses.fail("ipv6", "Must be IPv6 addresses or networks");
  for (const { field, reason } of addresses.reasons) rule.fail(`addresses.${field}`, reason);
  return { ...(ipv4 ? { ipv4 } : {}), ...(ipv6 ? { ipv6 } : {}) };
}

function isBlock(block: string, family: 4 | 6): boolean {
  const [address = "", prefix, ...rest] = block.split("/");
  if (rest.length > 0 || isIP(address) !== family) return false;
  return prefix === undefined || (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128));
}

function isPorts(ports: string): boolean {
  const pieces = ports.split(",").map((piece) => piece.trim());
  if (pieces.flatMap((piece) => piece.split("-")).length > MAX_PORT_PIECES) return false;
  return pieces.every((piece) => {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(piece);
    if (!match) return false;
    const first = Number(match[1]);
    const last = Number(match[2] ?? match[1]);
    return first >= 1 && last <= 65_535 && first <= last;
  });
}
