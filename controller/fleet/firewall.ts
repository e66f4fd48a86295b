import { isIP } from "node:net";
import type { FirewallRule } from "../../resources/spec.ts";
import type { FirewallFields } from "../../schemas/types.ts";
import type { FleetFirewall, Result } from "./context.ts";
import { fieldFault } from "./file.ts";
import type { FieldFault } from "./validate.ts";

/** A firewall with ports as text and addresses as blocks. It gets its hash once it is known which accounts use it. */
export function compileFirewall(fields: FirewallFields): Result<FleetFirewall> {
  const faults: FieldFault[] = [];
  const rules = fields.rules.map((rule, index): FirewallRule => {
    const { ports, addresses, ...rest } = rule;
    faults.push(...portFaults(rule, index));
    return {
      ...rest,
      ...(ports !== undefined && { ports: String(ports) }),
      addresses: addresses.map((address, at) => {
        const block = toBlock(address);
        if (block === undefined)
          faults.push(
            fieldFault(["rules", index, "addresses", at], "must be an address or a CIDR block such as 203.0.113.0/24"),
          );
        return block ?? address;
      }),
    };
  });
  return { ...(faults.length === 0 && { spec: { ...fields, rules } }), hash: "", createHash: "", faults, notes: [] };
}

function portFaults({ ports, protocol }: FirewallFields["rules"][number], index: number): FieldFault[] {
  const path = ["rules", index, "ports"];
  if (ports === undefined) return [];
  if (protocol === "icmp") return [fieldFault(path, "has no meaning: icmp has no ports")];
  for (const range of String(ports).split(",")) {
    const [low = 0, high = low] = range.split("-").map(Number);
    if (low < 1 || high > 65535 || low > high)
      return [fieldFault(path, `"${range}" is no port or range of ports from 1 to 65535`)];
  }
  return [];
}

/** A CIDR block in lower case; a single address becomes the block that holds only it. Undefined for anything else. */
export function toBlock(address: string): string | undefined {
  const [host = "", prefix, ...rest] = address.split("/");
  const version = isIP(host);
  if (version === 0 || rest.length > 0 || host.includes("%")) return undefined;
  const bits = version === 4 ? 32 : 128;
  if (prefix === undefined) return `${host.toLowerCase()}/${bits}`;
  return /^(0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= bits ? address.toLowerCase() : undefined;
}
