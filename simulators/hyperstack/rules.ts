import { isIP } from "node:net";
import { PROTOCOLS } from "./catalog.ts";
import { HyperstackError, refuse } from "./errors.ts";
import { type Body, readInteger, requireString } from "./fields.ts";
import type { HyperstackWorld, SecurityRule } from "./world.ts";

type NewRule = Omit<SecurityRule, "id" | "createdMs">;

/** The rule that a request describes. @throws {HyperstackError} 400 */
export function readRule(body: Body): NewRule {
  const direction = requireString(body, "direction");
  if (direction !== "ingress" && direction !== "egress") throw refuse("direction: Must be one of: ingress, egress.");
  const ethertype = requireString(body, "ethertype");
  if (ethertype !== "IPv4" && ethertype !== "IPv6") throw refuse("ethertype: Must be one of: IPv4, IPv6.");
  const protocol = requireString(body, "protocol");
  if (!PROTOCOLS.includes(protocol)) throw refuse("protocol: Not a permitted protocol.");
  return { direction, ethertype, protocol, prefix: readPrefix(body, ethertype), ...readPorts(body, protocol) };
}

function readPrefix(body: Body, ethertype: string): string {
  const prefix = requireString(body, "remote_ip_prefix").toLowerCase();
  const [address = "", mask, ...rest] = prefix.split("/");
  const family = ethertype === "IPv4" ? 4 : 6;
  const bits = Number(mask);
  const valid =
    isIP(address) === family && rest.length === 0 && /^\d{1,3}$/.test(mask ?? "") && bits <= (family === 4 ? 32 : 128);
  if (!valid || (family === 4 && hostBits(address, bits))) {
    throw refuse(`remote_ip_prefix: ${prefix} is no ${ethertype} network.`);
  }
  return prefix;
}

/** Whether bits are set behind the mask. */
function hostBits(address: string, bits: number): boolean {
  const value = address.split(".").reduce((sum, octet) => sum * 256 + Number(octet), 0);
  return value % 2 ** (32 - bits) !== 0;
}

function readPorts(body: Body, protocol: string): Pick<SecurityRule, "portMin" | "portMax"> {
  const [portMin, portMax] = [readInteger(body, "port_range_min"), readInteger(body, "port_range_max")];
  if (portMin === undefined && portMax === undefined) return { portMin, portMax };
  if (protocol !== "tcp" && protocol !== "udp") throw refuse(`port_range_min: ${protocol} has no ports.`);
  if (portMin === undefined || portMax === undefined) throw refuse("port_range_max: Both ends are needed.");
  if (portMin < 1 || portMax > 65_535 || portMin > portMax) throw refuse("port_range_min: Not a valid range.");
  return { portMin, portMax };
}

/** Puts a rule among others. @throws {HyperstackError} 409 when it is there already */
export function addRule(rules: SecurityRule[], rule: NewRule, world: HyperstackWorld): SecurityRule {
  const key = keyOf(rule);
  if (rules.some((other) => keyOf(other) === key)) throw new HyperstackError("conflict", "The rule already exists.");
  const made = { ...rule, id: world.ids.integer(), createdMs: world.clock.now() };
  rules.push(made);
  return made;
}

const keyOf = ({ direction, ethertype, protocol, portMin, portMax, prefix }: NewRule): string =>
  [direction, ethertype, protocol, portMin, portMax, prefix].join(" ");

/** A new group lets everything out. */
export function defaultRules(world: HyperstackWorld): SecurityRule[] {
  const rules: SecurityRule[] = [];
  for (const [ethertype, prefix] of [
    ["IPv4", "0.0.0.0/0"],
    ["IPv6", "::/0"],
  ] as const) {
    const ports = { portMin: undefined, portMax: undefined };
    addRule(rules, { direction: "egress", ethertype, protocol: "any", prefix, ...ports }, world);
  }
  return rules;
}
