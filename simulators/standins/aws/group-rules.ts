import type { XmlElement } from "../../../resources/aws/xml.ts";
import type { PropertyMap, PropertyValue } from "../../../resources/plugin/handler.ts";
import { isMap } from "../../../resources/plugin/paths.ts";
import type { Form } from "./client.ts";
import { text } from "./instance-state.ts";

/** A rule for one block, as the plugin compares rules. */
export interface Atom {
  protocol: string;
  fromPort: number;
  toPort: number;
  description: string;
  /** Of either IP version. */
  block: string;
}

const keyOf = (atom: Atom): string =>
  JSON.stringify([atom.protocol, atom.fromPort, atom.toPort, atom.description, atom.block]);

/** Declared rules, or those in state, block by block. */
export function atoms(rules: PropertyValue | undefined): Atom[] {
  if (!Array.isArray(rules)) return [];
  return rules
    .filter((rule): rule is PropertyMap => typeof rule === "object" && rule !== null && isMap(rule))
    .flatMap((rule) =>
      [rule.cidrBlocks, rule.ipv6CidrBlocks].flatMap((blocks) =>
        (Array.isArray(blocks) ? blocks : []).map((block) => ({
          protocol: text(rule.protocol),
          fromPort: Number(rule.fromPort),
          toPort: Number(rule.toPort),
          description: text(rule.description),
          block: String(block),
        })),
      ),
    );
}

export function difference(from: readonly Atom[], without: readonly Atom[]): Atom[] {
  const taken = new Set(without.map(keyOf));
  return from.filter((atom) => !taken.has(keyOf(atom)));
}

/** `IpPermissions.1.IpRanges.2.CidrIp=…`: one permission for each protocol, range of ports and description. */
export function permissionForm(rules: readonly Atom[]): Form {
  const form: Record<string, string | number> = {};
  [...grouped(rules).values()].forEach((group, index) => {
    const prefix = `IpPermissions.${index + 1}.`;
    const [first] = group;
    form[`${prefix}IpProtocol`] = first!.protocol;
    if (first!.protocol !== "-1")
      Object.assign(form, { [`${prefix}FromPort`]: first!.fromPort, [`${prefix}ToPort`]: first!.toPort });
    for (const [list, cidr, version] of [
      ["IpRanges", "CidrIp", 4],
      ["Ipv6Ranges", "CidrIpv6", 6],
    ] as const)
      group
        .filter(({ block }) => block.includes(":") === (version === 6))
        .forEach(({ block, description }, at) => {
          form[`${prefix}${list}.${at + 1}.${cidr}`] = block;
          if (description !== "") form[`${prefix}${list}.${at + 1}.Description`] = description;
        });
  });
  return form;
}

/** What the cloud has, in the declared rules' words and grouping where they are the same, else as the cloud groups it. */
export function rulesIn(permissions: unknown, known: PropertyValue | undefined): PropertyMap[] {
  const actual = ((permissions ?? []) as XmlElement[]).flatMap(atomsIn);
  const left = new Map(actual.map((atom) => [keyOf(atom), atom]));
  const matched = (Array.isArray(known) ? known : []).filter((rule) => {
    const wanted = atoms([rule]);
    if (wanted.length === 0 || !wanted.every((atom) => left.has(keyOf(atom)))) return false;
    for (const atom of wanted) left.delete(keyOf(atom));
    return true;
  });
  return [
    ...matched.map((rule) => ruleState(atoms([rule]))),
    ...[...grouped([...left.values()]).values()].map(ruleState),
  ];
}

function grouped(rules: readonly Atom[]): Map<string, Atom[]> {
  const groups = new Map<string, Atom[]>();
  for (const atom of rules) {
    const key = keyOf({ ...atom, block: "" });
    groups.set(key, [...(groups.get(key) ?? []), atom]);
  }
  return groups;
}

function ruleState(group: readonly Atom[]): PropertyMap {
  const [first] = group;
  const of = (version: 4 | 6) =>
    group.map(({ block }) => block).filter((block) => block.includes(":") === (version === 6));
  return {
    cidrBlocks: of(4),
    description: first?.description ?? "",
    fromPort: first?.fromPort ?? 0,
    ipv6CidrBlocks: of(6),
    prefixListIds: [],
    protocol: first?.protocol ?? "",
    securityGroups: [],
    self: false,
    toPort: first?.toPort ?? 0,
  };
}

function atomsIn(permission: XmlElement): Atom[] {
  const { ipProtocol, fromPort, toPort, ipRanges = [], ipv6Ranges = [] } = permission;
  const ranges = [...(ipRanges as XmlElement[]), ...(ipv6Ranges as XmlElement[])];
  return ranges.map((range) => ({
    protocol: text(ipProtocol),
    fromPort: Number(fromPort ?? 0),
    toPort: Number(toPort ?? 0),
    description: text(range.description),
    block: text(range.cidrIp) || text(range.cidrIpv6),
  }));
}
