import { createHash } from "node:crypto";
import { isIP } from "node:net";
import type { Vm } from "./cluster.ts";
import { badParameters, died } from "./errors.ts";
import { splitList } from "./formats.ts";
import type { Parameters } from "./parameters.ts";

/** Rule fields and options as the firewall's own file of a VM has them. */
export interface VmFirewall {
  rules: Record<string, string>[];
  options: Record<string, string>;
}

const NUMBERS = /^(enable|pos|dhcp|ipfilter|macfilter|ndp|radv)$/;
const WITH_PORTS = /^(tcp|6|udp|17|udplite|136|dccp|33|sctp|132)$/;
const PROTOCOLS = /^(tcp|udp|udplite|sctp|dccp|icmp|icmpv6|ipv6-icmp|igmp|esp|ah|gre|ipencap|ospf|vrrp|l2tp|\d{1,3})$/;
const SETTINGS = new Set(["digest", "pos", "moveto", "delete"]);

export const firewallOf = (vm: Vm): VmFirewall => (vm.firewall ??= { rules: [], options: {} });

const digestOf = (value: unknown): string => createHash("sha1").update(JSON.stringify(value)).digest("hex");

function view(fields: Readonly<Record<string, string>>): Record<string, string | number> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, NUMBERS.test(name) ? Number(value) : value]),
  );
}

export function rulesView(vm: Vm): Record<string, unknown>[] {
  const { rules } = firewallOf(vm);
  const digest = digestOf(rules);
  return rules.map((rule, pos) => ({ ...view(rule), pos, digest }));
}

/** @throws {PveError} 500 */
export function ruleView(vm: Vm, pos: number): Record<string, unknown> {
  const found = rulesView(vm)[pos];
  if (!found) throw died(`no rule at position ${pos}`);
  return found;
}

/** `POST …/firewall/rules`: a new rule stands on top, and does nothing unless it says that it is enabled. @throws {PveError} 400 */
export function addRule(vm: Vm, given: Parameters): void {
  const rule = fieldsOf(given);
  verifyRule(rule);
  firewallOf(vm).rules.unshift({ enable: "0", ...rule });
}

/** `PUT …/firewall/rules/{pos}`. @throws {PveError} */
export function changeRule(vm: Vm, pos: number, given: Parameters): void {
  const firewall = firewallOf(vm);
  checkDigest(firewall.rules, given.digest);
  const rule = firewall.rules[pos];
  if (!rule) throw died(`no rule at position ${pos}`);
  if (given.moveto !== undefined) {
    const before = Number(given.moveto);
    const moved = firewall.rules.flatMap((other, place) => {
      const kept = place === pos ? [] : [other];
      return place === before && place !== pos ? [rule, ...kept] : place === before ? [rule] : kept;
    });
    firewall.rules = before >= firewall.rules.length ? [...moved, rule] : moved;
    return;
  }
  const changed = { ...rule, ...fieldsOf(given) };
  for (const name of splitList(given.delete ?? "")) delete changed[name];
  verifyRule(changed);
  firewall.rules[pos] = changed;
}

/** `DELETE …/firewall/rules/{pos}`. @throws {PveError} 500 */
export function removeRule(vm: Vm, pos: number, given: Parameters): void {
  const { rules } = firewallOf(vm);
  checkDigest(rules, given.digest);
  if (!rules[pos]) throw died(`no rule at position ${pos}`);
  rules.splice(pos, 1);
}

export function optionsView(vm: Vm): Record<string, unknown> {
  const { options } = firewallOf(vm);
  return { ...view(options), digest: digestOf(options) };
}

/** `PUT …/firewall/options`. @throws {PveError} 500 */
export function changeOptions(vm: Vm, given: Parameters): void {
  const firewall = firewallOf(vm);
  checkDigest(firewall.options, given.digest);
  for (const name of splitList(given.delete ?? "")) delete firewall.options[name];
  Object.assign(firewall.options, fieldsOf(given));
}

/** A clone has the rules of its source. */
export function copiedFirewall({ firewall }: Vm): Pick<Vm, "firewall"> {
  return firewall ? { firewall: structuredClone(firewall) } : {};
}

function checkDigest(value: unknown, digest: string | undefined): void {
  if (digest === undefined || digest === digestOf(value)) return;
  throw died("detected modified configuration - file changed by other user? Try again.");
}

function fieldsOf(given: Parameters): Record<string, string> {
  return Object.fromEntries(Object.entries(given).filter(([name]) => !SETTINGS.has(name)));
}

function verifyRule(rule: Readonly<Record<string, string>>): void {
  const { type = "", action = "", proto, source, dest, dport, sport, iface } = rule;
  const errors: Record<string, string> = {};
  if (type === "group") errors.action = `no such security group '${action}'`;
  else if (type === "forward") errors.type = "rule type 'forward' is not for machines";
  else if (!/^(ACCEPT|DROP|REJECT)$/.test(action)) errors.action = `unknown action '${action}'`;
  if (proto !== undefined && !PROTOCOLS.test(proto)) errors.proto = `invalid format - unknown protocol '${proto}'`;
  if (iface !== undefined && !/^net\d+$/.test(iface))
    errors.iface = "value does not look like a valid network interface of a VM";
  for (const [name, ports] of [
    ["dport", dport],
    ["sport", sport],
  ] as const) {
    if (ports === undefined) continue;
    const wrong = portsProblem(ports);
    if (wrong) errors[name] = `invalid format - ${wrong}`;
    else if (proto === undefined) errors.proto = `missing property - '${name}' requires this property`;
    else if (!WITH_PORTS.test(proto)) errors[name] = `protocol '${proto}' does not support ports`;
  }
  const versions = new Set<number>();
  if (proto === "icmp") versions.add(4);
  if (proto === "icmpv6" || proto === "ipv6-icmp") versions.add(6);
  for (const [name, list] of [
    ["source", source],
    ["dest", dest],
  ] as const) {
    if (list === undefined) continue;
    const found = list.split(",").map(versionOf);
    if (found.includes(0)) errors[name] = `invalid format - invalid IP address or IP set in '${list}'`;
    else if (new Set(found).size > 1)
      errors[name] = "invalid format - detected mixed ipv4/ipv6 addresses in address list";
    for (const version of found) versions.add(version);
  }
  if (Object.keys(errors).length === 0 && versions.size > 1) {
    errors.source = "detected mixed ipv4/ipv6 addresses in rule";
  }
  if (Object.keys(errors).length > 0) throw badParameters(errors);
}

/** The version of IP; 0 for what is no address. Names of IP sets and aliases are not simulated. */
function versionOf(text: string): number {
  const [address = "", prefix, ...rest] = text.split("/");
  const version = isIP(address);
  if (rest.length > 0 || version === 0) return 0;
  if (prefix !== undefined && !(/^\d{1,3}$/.test(prefix) && Number(prefix) <= (version === 4 ? 32 : 128))) return 0;
  return version;
}

function portsProblem(ports: string): string | undefined {
  const pieces = ports.split(",");
  if (pieces.flatMap((piece) => piece.split(":")).length > 15) return "too many entries in port list (> 15 numbers)";
  for (const piece of pieces) {
    const match = /^(\d{1,5})(?::(\d{1,5}))?$/.exec(piece);
    if (!match) return `invalid port '${piece}'`;
    const [low, high] = [Number(match[1]), Number(match[2] ?? match[1])];
    if (high > 65_535 || low > high) return `invalid port range '${piece}'`;
  }
  return undefined;
}
