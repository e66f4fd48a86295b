import type { FleetSpec } from "../../resources/spec.ts";
import type { Effect, Verdict } from "./types.ts";

/** What somebody who approves may lift. */
export interface Overrides {
  /** Servers that may be replaced, by name; "*" for every one that was shown. */
  allowReplace: string[];
  /** This many removals in all are meant. */
  allowRemovals?: number;
}

/** How many servers there are, which shares are taken of. */
export interface Population {
  byAccount: Map<string, number>;
  byOwner: Map<string, number>;
}

/** What a guard must know of a removed or replaced object beyond its effect. */
export interface Removal {
  effect: Effect;
  protect: boolean;
  owner?: string;
}

/**
 * The guards' word on a set of effects, decided before the engine starts. Pure. A verdict that did not pass refuses the whole set: whoever
 * meant it says so in the approval.
 */
export function guard(
  removals: Removal[],
  population: Population,
  guards: FleetSpec["guards"],
  overrides: Overrides,
): Verdict[] {
  return [
    ...protects(removals),
    ...replaces(removals, overrides),
    ...massRemovals(removals, population, guards, overrides),
  ];
}

function protects(removals: Removal[]): Verdict[] {
  return removals
    .filter(({ protect }) => protect)
    .map(({ effect }) => ({
      guard: "protect",
      passed: false,
      message: `${effect.object.name} is protected and would be ${effect.op === "replace" ? "replaced" : "removed"}: commit \`protect: false\` first, in a change of its own`,
      objects: [effect.object.name],
    }));
}

function replaces(removals: Removal[], overrides: Overrides): Verdict[] {
  return removals
    .filter(({ effect }) => effect.op === "replace" && effect.dataLoss)
    .map(({ effect }) => {
      const { name } = effect.object;
      const allowed = overrides.allowReplace.includes(name) || overrides.allowReplace.includes("*");
      return {
        guard: "replace",
        passed: allowed,
        message: `${name} would be deleted and made anew (${effect.replaceReasons.join(", ")}): everything on its disks is lost`,
        override: `--allow-replace ${name}`,
        objects: [name],
      };
    });
}

function massRemovals(
  removals: Removal[],
  population: Population,
  { maxRemovals }: FleetSpec["guards"],
  overrides: Overrides,
): Verdict[] {
  const servers = removals.filter(({ effect }) => effect.object.kind === "Server");
  const groups = [
    ...group(servers, population.byAccount, ({ effect }) => effect.object.account, "account"),
    ...group(servers, population.byOwner, ({ owner }) => owner, "owner"),
  ];
  return groups.flatMap(({ what, name, members, total }) => {
    const limit = Math.max(maxRemovals.minimum, Math.floor(total * maxRemovals.share));
    if (members.length <= limit) return [];
    const meant = overrides.allowRemovals !== undefined && servers.length <= overrides.allowRemovals;
    return [
      {
        guard: "mass-removal" as const,
        passed: meant,
        message: `${members.length} of the ${total} servers of ${what} ${name} would be removed, and at most ${limit} may go at once`,
        override: `--allow-delete ${servers.length}`,
        objects: members.map(({ effect }) => effect.object.name),
      },
    ];
  });
}

function group(
  removals: Removal[],
  totals: Map<string, number>,
  by: (removal: Removal) => string | undefined,
  what: string,
) {
  const groups = new Map<string, Removal[]>();
  for (const removal of removals) {
    const name = by(removal);
    if (name !== undefined) groups.set(name, [...(groups.get(name) ?? []), removal]);
  }
  return [...groups].map(([name, members]) => ({ what, name, members, total: totals.get(name) ?? members.length }));
}
