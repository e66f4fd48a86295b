import type { ActualRules } from "../../resources/actual.ts";
import { isEverywhere } from "../../resources/blocks.ts";
import { combined, ruleKey } from "../../resources/rules.ts";
import type { FirewallRule, StackObject } from "../../resources/spec.ts";
import { canonicalJson } from "../fleet/canonical.ts";
import type { FieldDrift } from "./find-drift.ts";
import type { Change } from "./types.ts";

/**
 * `accept tcp 22 from 203.0.113.0/24`: one rule as people read it and as it stands in a `Change`. The machine's own side comes last, `at` some
 * addresses.
 */
export function ruleWords(rule: FirewallRule): string {
  const { direction, action, protocol, ports, addresses, ownAddresses, description } = rule;
  const isOut = direction === "outbound";
  const what = ports === undefined ? protocol : `${protocol} ${ports}`;
  const whom = isEverywhere(addresses) ? "anywhere" : addresses.join(", ");
  return [
    action,
    ...(isOut ? ["out"] : []),
    what,
    `${isOut ? "to" : "from"} ${whom}`,
    ...(ownAddresses ? [`at ${ownAddresses.join(", ")}`] : []),
    ...(description ? [`(${description})`] : []),
  ].join(" ");
}

/** One rule that only one of two lists has; `place` counts within the list that has it. */
interface Edit {
  sign: "+" | "-";
  place: number;
  rule: FirewallRule;
}

/**
 * What turns one list of rules into another, with the rules that both have in their order left out: a rule put in the middle is one edit, and
 * those behind it are none.
 */
export function ruleEdits(
  before: readonly FirewallRule[],
  after: readonly FirewallRule[],
  keyOf: (rule: FirewallRule) => string = ruleKey,
): Edit[] {
  const [a, b] = [before.map(keyOf), after.map(keyOf)];
  // Lengths of the longest common part of what is left from each place on.
  const common = Array.from({ length: a.length + 1 }, () => new Uint32Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--)
    for (let j = b.length - 1; j >= 0; j--)
      common[i]![j] = a[i] === b[j] ? common[i + 1]![j + 1]! + 1 : Math.max(common[i + 1]![j]!, common[i]![j + 1]!);
  const edits: Edit[] = [];
  for (let i = 0, j = 0; i < a.length || j < b.length; ) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      i++;
      j++;
    } else if (i < a.length && (j === b.length || common[i + 1]![j]! >= common[i]![j + 1]!)) {
      edits.push({ sign: "-", place: i, rule: before[i]! });
      i++;
    } else {
      edits.push({ sign: "+", place: j, rule: after[j]! });
      j++;
    }
  }
  return edits;
}

/** Whether a path is that of one rule: `rules[+2]`, in the list that has it. */
export const isRulePath = (path: string): boolean => /^rules\[[+-]\d+\]$/.test(path);

const POLICIES = ["inboundPolicy", "outboundPolicy"] as const;

/** The rules that a document brings about at the cloud; undefined for one that has none. */
export function rulesOf(document: StackObject | undefined): ActualRules | undefined {
  if (document?.kind === "Firewall") return document;
  return document?.kind === "Server" && document.rules ? combined(document.rules) : undefined;
}

/**
 * Rule by rule, as changes: `{path: "rules[+2]", after: "accept tcp 22 from anywhere"}`. A policy of a server, which comes from its firewalls, has
 * the path `rules.inboundPolicy`.
 */
export function ruleChanges(before: StackObject | undefined, after: StackObject | undefined): Change[] {
  const [a, b] = [rulesOf(before), rulesOf(after)];
  if (a === undefined && b === undefined) return [];
  // By what is declared: ports in another order are another input of the plugin.
  const edits = ruleEdits(a?.rules ?? [], b?.rules ?? [], canonicalJson).map(({ sign, place, rule }): Change => {
    const path = `rules[${sign}${place}]`;
    return sign === "+" ? { path, after: ruleWords(rule) } : { path, before: ruleWords(rule) };
  });
  const isServer = (before ?? after)?.kind === "Server";
  const policies = POLICIES.filter((policy) => a?.[policy] !== b?.[policy]).map((policy): Change => {
    const change: Change = { path: isServer ? `rules.${policy}` : policy };
    if (a !== undefined) change.before = a[policy];
    if (b !== undefined) change.after = b[policy];
    return change;
  });
  return [...policies, ...edits];
}

/** Drift of rules, rule by rule: what the cloud has too many is `rules[+n]` with `actual`, what it lacks `rules[-n]` with `desired`. */
export function ruleDrift(expected: ActualRules, actual: ActualRules, prefix = ""): FieldDrift[] {
  const policies = POLICIES.filter((policy) => expected[policy] !== actual[policy]).map(
    (policy): FieldDrift => ({ path: `${prefix}${policy}`, desired: expected[policy], actual: actual[policy] }),
  );
  const edits = ruleEdits(expected.rules, actual.rules).map(({ sign, place, rule }): FieldDrift => {
    const path = `rules[${sign}${place}]`;
    return sign === "+" ? { path, actual: ruleWords(rule) } : { path, desired: ruleWords(rule) };
  });
  return [...policies, ...edits];
}

/** A rule that a hand has put there goes, and one that it has taken comes back: the signs turn round. */
export function revertedPath(path: string): string {
  if (!isRulePath(path)) return path;
  return path.replace(/[+-]/, (sign) => (sign === "+" ? "-" : "+"));
}
