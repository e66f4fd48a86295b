import { EVERYWHERE, familyOf, isEverywhere, toBlock } from "../../resources/blocks.ts";
import type { FirewallRule } from "../../resources/spec.ts";
import type { FirewallFields } from "../../schemas/types.ts";
import type { FleetFirewall, Result } from "./context.ts";
import { fieldFault } from "./file.ts";
import type { FieldPath } from "./problem.ts";
import type { FieldFault } from "./validate.ts";

type RuleFields = FirewallFields["rules"][number];
type Side = "sources" | "destinations";

/** A firewall with ports as text, and blocks by side. It gets its hash once it is known which accounts use it. */
export function compileFirewall(fields: FirewallFields): Result<FleetFirewall> {
  const faults: FieldFault[] = [];
  const rules = fields.rules.map((rule, index) => compileRule(rule, ["rules", index], faults));
  return { ...(faults.length === 0 && { spec: { ...fields, rules } }), hash: "", createHash: "", faults, notes: [] };
}

function compileRule(rule: RuleFields, path: FieldPath, faults: FieldFault[]): FirewallRule {
  const { ports, addresses, sources, destinations, ...rest } = rule;
  const [other, own] = sides(rule);
  if (addresses !== undefined && rule[other] !== undefined) {
    const message = `says what \`addresses\` says too: of an ${rule.direction} rule they are the same`;
    faults.push({ path: [...path, other], at: "key", message });
  }
  faults.push(...portFaults(rule, path));
  const given = addresses === undefined ? other : "addresses";
  const owns = readBlocks(rule, own, path, faults);
  const others = readBlocks(rule, given, path, faults) ?? everywhereOf(owns);
  if (owns?.length && others.length > 0 && !owns.some((block) => haveFamily(others, block))) {
    const message = `have no IP version in common with the \`${given}\`: nothing matches the rule`;
    faults.push(fieldFault([...path, own], message));
  }
  return {
    ...rest,
    ...(ports !== undefined && { ports: String(ports) }),
    addresses: others,
    ...(owns !== undefined && !isEverywhere(owns) && { ownAddresses: owns }),
  };
}

/** What stands for "everywhere" in the IP versions that the machine's own side has. */
function everywhereOf(owns: readonly string[] | undefined): string[] {
  return owns?.length ? EVERYWHERE.filter((block) => haveFamily(owns, block)) : [...EVERYWHERE];
}

function haveFamily(blocks: readonly string[], block: string): boolean {
  return blocks.some((other) => familyOf(other) === familyOf(block));
}

/** The field of the other side and that of the machine's own. */
function sides({ direction }: Pick<RuleFields, "direction">): [other: Side, own: Side] {
  return direction === "inbound" ? ["sources", "destinations"] : ["destinations", "sources"];
}

/** Where the file says what the compiled rule has at this path: `ownAddresses` of an inbound rule are its `destinations`. */
export function firewallPath({ rules }: FirewallFields, path: FieldPath): FieldPath {
  const [list, index, field, ...rest] = path;
  const rule = list === "rules" && typeof index === "number" ? rules[index] : undefined;
  if (rule === undefined || (field !== "addresses" && field !== "ownAddresses")) return path;
  const [other, own] = sides(rule);
  const given = field === "ownAddresses" ? own : rule[other] === undefined ? "addresses" : other;
  return ["rules", index!, given, ...rest];
}

/** Undefined when the field is absent. What is no block has a fault, and is left out. */
function readBlocks(
  rule: RuleFields,
  field: Side | "addresses",
  path: FieldPath,
  faults: FieldFault[],
): string[] | undefined {
  const blocks = rule[field]?.flatMap((address, at) => {
    const block = toBlock(address);
    if (block === undefined) {
      const message = "must be an address or a CIDR block such as 203.0.113.0/24";
      faults.push(fieldFault([...path, field, at], message));
    }
    return block ?? [];
  });
  return blocks && [...new Set(blocks)];
}

function portFaults({ ports, protocol }: RuleFields, rule: FieldPath): FieldFault[] {
  const path = [...rule, "ports"];
  if (ports === undefined) return [];
  if (protocol !== "tcp" && protocol !== "udp") {
    const why = protocol === "any" ? "only tcp and udp have ports" : `${protocol} has no ports`;
    return [fieldFault(path, `has no meaning: ${why}`)];
  }
  for (const range of String(ports).split(",")) {
    const [low = 0, high = low] = range.split("-").map(Number);
    if (low < 1 || high > 65535 || low > high)
      return [fieldFault(path, `"${range}" is no port or range of ports from 1 to 65535`)];
  }
  return [];
}
