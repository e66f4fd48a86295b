import { canonicalJson } from "../fleet/canonical.ts";
import type { LastWanted, RememberedDrift } from "../store/types.ts";
import type { FieldDrift } from "./find-drift.ts";
import { isRulePath } from "./rules.ts";

/** The field of an object that is gone as a whole. */
export const GONE = "gone";

/** One thing that has happened to one account, and what it touches. */
export interface DriftCause {
  account: string;
  object: RememberedDrift["kind"];
  /** Path in the fleet file: `power`, `rules[-]` for a rule that is missing, `gone` for objects that are. */
  path: string;
  desired?: unknown;
  actual?: unknown;
  /** Of the objects, sorted. */
  names: string[];
  /** ISO instant since when the first of them differs. */
  since: string;
  /** Where one commit is the last to have wanted all of them so. */
  wanted?: LastWanted;
}

/**
 * What tells one difference of an object from its others: a rule by its words, since its place moves with the rules before it. The same rule twice
 * is two differences.
 */
export function keysOf(fields: readonly FieldDrift[]): string[] {
  const counts = new Map<string, number>();
  return fields.map(({ path, desired, actual }) => {
    const key = isRulePath(path) ? `${path.slice(0, "rules[+".length)}] ${desired ?? actual}` : path;
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count === 1 ? key : `${key} #${count}`;
  });
}

/** One row for each cause of an account's drift, those that touch most first: 40 servers that somebody has stopped are one. Pure. */
export function causesOf(account: string, drift: readonly RememberedDrift[]): DriftCause[] {
  const groups = Map.groupBy(drift, (one) => canonicalJson([one.kind, ...what(one)]));
  return [...groups.values()]
    .map((group): DriftCause => {
      const [path, desired, actual] = what(group[0]!);
      const commits = new Set(group.map(({ wanted }) => wanted?.commit));
      const { wanted } = group[0]!;
      return {
        account,
        object: group[0]!.kind,
        path,
        ...(desired !== undefined && { desired }),
        ...(actual !== undefined && { actual }),
        names: [...new Set(group.map(({ name }) => name))].sort(),
        since: group.map(({ since }) => since).sort()[0]!,
        ...(wanted !== undefined && commits.size === 1 && { wanted }),
      };
    })
    .sort((a, b) => b.names.length - a.names.length || (a.path < b.path ? -1 : a.path > b.path ? 1 : 0));
}

/** Names the cause that a difference of an object of this kind belongs to. */
export function causeKey(object: DriftCause["object"], { path, desired, actual }: FieldDrift): string {
  return canonicalJson([object, ...what({ field: path, before: desired, after: actual })]);
}

/** Path and values of a difference without what each object has for itself: of lists of labels, which also hold its mark, only those that differ. */
function what({
  field,
  before,
  after,
}: Pick<RememberedDrift, "field" | "before" | "after">): [path: string, desired: unknown, actual: unknown] {
  const path = field.replace(/^rules\[([+-])\d+\]$/, "rules[$1]");
  if (!Array.isArray(before) || !Array.isArray(after)) return [path, before, after];
  return [path, before.filter((one) => !after.includes(one)), after.filter((one) => !before.includes(one))];
}
