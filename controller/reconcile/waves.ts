import type { Rollout } from "../../resources/spec.ts";
import { isBaseStack } from "./cells.ts";
import type { Desired } from "./desired.ts";
import { isOfNew, stillUses } from "./holds.ts";
import type { Work } from "./types.ts";

/** Servers that go in waves together: those of an account that has its own, or all others under the fleet's. */
interface Scope {
  rollout: Rollout;
  waves: Work[][];
}

/** An execution in waves. Without a rollout there is one wave, with everything in it. */
export interface Waves {
  /** What servers share and need goes before the first; what none of them needs any more comes after the last, and so do snapshots of new ones. */
  before: Work[];
  waves: Work[][];
  after: Work[];
  scopes: Scope[];
}

/** A work that was not begun. */
export interface NotBegun {
  work: Work;
  why: string;
}

/** Machines that are let go untouched are in no wave. */
export function wavesOf(works: readonly Work[], desired: Desired): Waves {
  const shared = works.filter(({ stack }) => isBaseStack(stack));
  const servers = works.filter(({ stack, effect }) => !isBaseStack(stack) && effect.op !== "forget");
  const isLast = (work: Work) =>
    (work.desired === undefined && work.effect.object.kind !== "AggregateHost") ||
    servers.some((server) => isOfNew(work, server));
  const byScope = Map.groupBy(servers, (work) => scopeOf(work, desired));
  const scopes: Scope[] = [];
  const waves: Work[][] = [];
  for (const [rollout, members] of byScope) {
    const parts = rollout === undefined ? [members] : staged(members, rollout);
    if (rollout !== undefined) scopes.push({ rollout, waves: parts });
    for (const [index, part] of parts.entries()) waves[index] = [...(waves[index] ?? []), ...part];
  }
  return { before: shared.filter((work) => !isLast(work)), waves, after: shared.filter(isLast), scopes };
}

/** The rollout itself tells the scope: accounts without one of their own have the fleet's, which is one object. */
function scopeOf({ desired: wanted, applied }: Work, { fleet, accounts, byIdentity }: Desired): Rollout | undefined {
  const account = wanted === undefined ? byIdentity.get(applied!.account) : accounts.get(wanted.account);
  return account?.spec.rollout ?? fleet.rollout;
}

/** Stack by stack, so that a wave takes few runs of the engine, and in the order of names. */
function staged(members: readonly Work[], { canary, step }: Rollout): Work[][] {
  const order = (a: Work, b: Work) => compare(a.stack, b.stack) || compare(a.effect.object.name, b.effect.object.name);
  const sorted = [...members].sort(order);
  const size = typeof step === "number" ? step : Math.ceil((members.length * Number.parseInt(step, 10)) / 100);
  const waves = [sorted.slice(0, canary)];
  for (let at = canary; at < sorted.length; at += size) waves.push(sorted.slice(at, at + size));
  return waves;
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** What of one wave is not begun, because a server of an earlier one has failed. */
export function pausedIn({ scopes, waves }: Waves, index: number, isFailed: (work: Work) => boolean): NotBegun[] {
  return scopes.flatMap(({ rollout, waves: own }): NotBegun[] => {
    const failedIn = own.slice(0, index).findIndex((wave) => wave.some(isFailed));
    if (!rollout.pauseOnFailure || failedIn === -1) return [];
    const names = own[failedIn]!.filter(isFailed).map(({ effect }) => effect.object.name);
    const why = `${names.join(", ")} failed in wave ${failedIn + 1} of ${waves.length}`;
    return (own[index] ?? []).map((work) => ({ work, why }));
  });
}

/** Removals of firewalls that servers which were not begun are still behind, and snapshots of such servers. */
export function neededBy(after: readonly Work[], left: readonly NotBegun[]): NotBegun[] {
  return after.flatMap((work): NotBegun[] => {
    const user = left.find((server) => stillUses(server.work, work));
    if (user !== undefined) return [{ work, why: `${user.work.effect.object.name} still uses it` }];
    const server = left.find((one) => isOfNew(work, one.work));
    return server === undefined ? [] : [{ work, why: `${server.work.effect.object.name} is not there yet` }];
  });
}
