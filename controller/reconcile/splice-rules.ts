import { isEverywhere } from "../../resources/blocks.ts";
import { ruleKey } from "../../resources/rules.ts";
import type { FirewallRule } from "../../resources/spec.ts";
import { ruleEdits } from "./rules.ts";

/** One rule of a firewall's file: as it stands there, as it was compiled, and as what it is at the cloud (several rules, or none). */
export interface FileRule {
  raw: unknown;
  compiled: FirewallRule;
  atCloud: FirewallRule[];
}

const DIRECTIONS = ["inbound", "outbound"] as const;

/**
 * The rules of a file after those of the cloud have been accepted: rules that the cloud still has stay as they are written, the others go, and
 * what the cloud has besides comes where it stands there. `isOrdered` is false where the cloud keeps no order; new rules then come last.
 */
export function spliceRules(
  file: readonly FileRule[],
  actual: readonly FirewallRule[],
  isOrdered: boolean,
): Record<string, unknown>[] {
  const kept = new Set<FileRule>(file.filter(({ atCloud }) => atCloud.length === 0));
  const before = new Map<FileRule, FirewallRule[]>();
  const last: FirewallRule[] = [];
  // Rules of the two directions say nothing of each other, and clouds keep them apart.
  for (const direction of DIRECTIONS) {
    const members = file.filter(({ compiled }) => compiled.direction === direction);
    const there = actual.filter((rule) => rule.direction === direction);
    let pending: FirewallRule[] = [];
    for (const { owner, rules } of runs(members, isOrdered ? there : inOrderOf(members, there))) {
      if (owner === undefined || rules.length < owner.atCloud.length || kept.has(owner)) pending.push(...rules);
      else {
        kept.add(owner);
        before.set(owner, pending);
        pending = [];
      }
    }
    last.push(...pending);
  }
  return [
    ...file.flatMap((rule) => [
      ...(before.get(rule) ?? []).map(fieldsOf),
      ...(kept.has(rule) ? [rule.raw as Record<string, unknown>] : []),
    ]),
    ...last.map(fieldsOf),
  ];
}

/** The cloud's rules in their order, those that come from one rule of the file and follow each other together. */
function runs(
  file: readonly FileRule[],
  actual: readonly FirewallRule[],
): { owner?: FileRule; rules: FirewallRule[] }[] {
  const wanted = file.flatMap((owner) => owner.atCloud.map((rule) => ({ owner, rule })));
  const edits = ruleEdits(
    wanted.map(({ rule }) => rule),
    actual,
  );
  const isGone = new Set(edits.filter(({ sign }) => sign === "-").map(({ place }) => place));
  const isNew = new Set(edits.filter(({ sign }) => sign === "+").map(({ place }) => place));
  const owners = wanted.filter((_, place) => !isGone.has(place)).map(({ owner }) => owner);
  const found: { owner?: FileRule; rules: FirewallRule[] }[] = [];
  for (const [place, rule] of actual.entries()) {
    const owner = isNew.has(place) ? undefined : owners.shift();
    const run = found.at(-1);
    if (owner !== undefined && run?.owner === owner) run.rules.push(rule);
    else found.push({ ...(owner ? { owner } : {}), rules: [rule] });
  }
  return found;
}

/** Where order says nothing: first what the file has, as the file has it. */
function inOrderOf(file: readonly FileRule[], actual: readonly FirewallRule[]): FirewallRule[] {
  const left = [...actual];
  const known = file.flatMap(({ atCloud }) =>
    atCloud.flatMap((rule) => {
      const place = left.findIndex((other) => ruleKey(other) === ruleKey(rule));
      return place === -1 ? [] : left.splice(place, 1);
    }),
  );
  return [...known, ...left];
}

/** A rule as somebody would write it: without what goes without saying. */
export function fieldsOf(rule: FirewallRule): Record<string, unknown> {
  const { direction, action, protocol, ports, addresses, ownAddresses, description } = rule;
  const own = direction === "inbound" ? "destinations" : "sources";
  const needsOther = !isEverywhere(addresses) || addresses.length > 2;
  return {
    ...(direction === "outbound" ? { direction } : {}),
    ...(action === "drop" ? { action } : {}),
    protocol,
    ...(ports === undefined ? {} : { ports }),
    ...(needsOther ? { addresses } : {}),
    ...(ownAddresses ? { [own]: ownAddresses } : {}),
    ...(description ? { description } : {}),
  };
}
