import type { FleetSpec } from "../../resources/spec.ts";
import type { Approval } from "../store/types.ts";
import type { Effect, Verdict } from "./types.ts";

/** What somebody who approves may lift. */
export interface Overrides {
  /** Servers that may be replaced, by name; "*" for every one that was shown. */
  allowReplace: string[];
  /** This many removals in all are meant. */
  allowRemovals?: number;
  /** Servers that may be made on something that has ended, by name; "*" for every one that was shown. */
  allowEnded?: string[];
  /** Accounts that may come above what they may cost a month, by name; "*" for every one that was shown. */
  allowSpending?: string[];
  /** Goes ahead outside maintenance windows and under a freeze. */
  outsideWindow?: boolean;
}

/** How many servers there are, which shares are taken of. */
export interface Population {
  /** By the account's identity, which a rename does not change. */
  byAccount: Map<string, number>;
  byOwner: Map<string, number>;
}

/** What a guard must know of a removed, replaced or vanished object beyond its effect. */
export interface Removal {
  effect: Effect;
  protect: boolean;
  owner?: string;
  /** Identity of the account that it leaves; default its name. */
  account?: string;
  /** Whose the machine is by its mark, when it is not ours any more. */
  holder?: "nobody" | "another";
  /** The cloud has lost the machine by itself, and another is made. */
  gone?: true;
  /** Overrides of an approval of this very effect that is still open: what was cut off needs none again. */
  approved?: Pick<Approval, "allowReplace" | "allowRemovals">;
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
    ...owned(removals),
    ...protects(removals),
    ...replaces(removals, overrides),
    ...massRemovals(removals, population, guards, overrides),
  ];
}

/** A machine that lost our mark is only let go; one with another's mark is not touched at all. */
function owned(removals: Removal[]): Verdict[] {
  return removals
    .filter(({ holder, effect }) => holder === "another" || (holder === "nobody" && removes(effect)))
    .filter(({ effect }) => effect.op !== "forget")
    .map(({ effect, holder }) => {
      const { name } = effect.object;
      const what = holder === "another" ? "carries the mark of another fleet" : "no longer carries our mark";
      const mend = removes(effect)
        ? "put the mark back at the cloud, or let it go with `deletionPolicy: orphan`"
        : "put the mark back at the cloud";
      const whose =
        effect.object.kind === "Server" ? `machine of ${name}` : `${effect.object.kind.toLowerCase()} ${name}`;
      const message = `the ${whose} ${what}, so it is not ours to ${effect.op}: ${mend}`;
      return { guard: "owner", passed: false, message, objects: [name] };
    });
}

const removes = ({ op }: Effect): boolean => op === "delete" || op === "replace";

function protects(removals: Removal[]): Verdict[] {
  return removals
    .filter(({ protect, effect }) => protect && (removes(effect) || effect.op === "forget"))
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
    .map(({ effect, approved }) => {
      const { name } = effect.object;
      return {
        guard: "replace",
        passed: mayReplace(name, overrides) || approved?.allowReplace === true,
        message: `${name} would be deleted and made anew (${effect.replaceReasons.join(", ")}): everything on its disks is lost`,
        override: `--allow-replace ${name}`,
        objects: [name],
      };
    });
}

export function mayReplace(name: string, { allowReplace }: Overrides): boolean {
  return allowReplace.includes(name) || allowReplace.includes("*");
}

/** Removals that an earlier approval has already let pass are not counted again. */
function massRemovals(
  removals: Removal[],
  population: Population,
  { maxRemovals }: FleetSpec["guards"],
  overrides: Overrides,
): Verdict[] {
  const servers = removals.filter((removal) => isCounted(removal) && removal.approved?.allowRemovals === undefined);
  const groups = [
    ...group(servers, population.byAccount, ({ effect, account }) => account ?? effect.object.account, "account"),
    ...group(servers, population.byOwner, ({ owner }) => owner, "owner"),
  ];
  return groups.flatMap(({ what, name, members, total }) => {
    const limit = Math.max(maxRemovals.minimum, Math.floor(total * maxRemovals.share));
    if (members.length <= limit) return [];
    const meant = overrides.allowRemovals !== undefined && servers.length <= overrides.allowRemovals;
    const vanished = members.filter(({ gone }) => gone).length;
    const doubt =
      vanished === 0
        ? ""
        : `; ${vanished} of them because the cloud says that they are gone: are its address and credentials those of this account?`;
    return [
      {
        guard: "mass-removal" as const,
        passed: meant,
        message: `${members.length} of the ${total} servers of ${what} ${name} would be removed, and at most ${limit} may go at once${doubt}`,
        override: `--allow-delete ${servers.length}`,
        objects: members.map(({ effect }) => effect.object.name),
      },
    ];
  });
}

/** Whether an effect counts as the removal of a server: what replaces a vanished machine gives the vanished one up. */
export function isCounted({ effect, gone }: Pick<Removal, "effect" | "gone">): boolean {
  return effect.object.kind === "Server" && (removes(effect) || effect.op === "forget" || gone === true);
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
    if (name === undefined) continue;
    const members = groups.get(name);
    if (members === undefined) groups.set(name, [removal]);
    else members.push(removal);
  }
  return [...groups].map(([name, members]) => ({ what, name, members, total: totals.get(name) ?? members.length }));
}
