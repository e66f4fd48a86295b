import type { StackObject } from "../../resources/spec.ts";
import type { Ended } from "../catalog/ended.ts";
import type { Approval } from "../store/types.ts";
import type { Desired } from "./desired.ts";
import { endedVerdicts } from "./ended.ts";
import { guard, isCounted, type Overrides, type Population, type Removal } from "./guards.ts";
import { inactiveVerdicts } from "./inactive.ts";
import type { Match } from "./match.ts";
import type { SpendingTally } from "./spending.ts";
import { spendingVerdicts } from "./spending-judge.ts";
import type { Verdict, Work } from "./types.ts";

/** All that the guards are asked about a set of effects, so that they can be asked again with other overrides. */
export interface Guarded {
  works: Work[];
  /** Policies of removed objects as the last committed file had them, by `policyKey`. */
  policies: ReadonlyMap<string, StackObject>;
  population: Population;
  /** What effects would buy of that has ended, by hash. */
  ended: ReadonlyMap<string, Ended>;
  /** What the accounts with a limit pay that these effects concern. */
  spending: readonly SpendingTally[];
  /** Why effects would make servers where none may be new, by hash. */
  inactive: ReadonlyMap<string, string>;
  /** Removals that others are about to do: counted with these, and refused by their own. */
  elsewhere?: Work[];
}

export function verdicts(
  { works, policies, population, ended, spending, inactive, elsewhere = [] }: Guarded,
  { fleet }: Desired,
  overrides: Overrides,
  open: ReadonlyMap<string, Approval>,
): Verdict[] {
  const removals = [...works, ...elsewhere].map((work) => removalOf(work, policies, open)).filter(isGuarded);
  const names = new Set(works.map(({ effect }) => effect.object.name));
  const concerns = ({ objects }: Verdict) => elsewhere.length === 0 || objects.some((name) => names.has(name));
  return [
    ...guard(removals, population, fleet.guards, overrides).filter(concerns),
    ...endedVerdicts(works, ended, overrides, open),
    ...spendingVerdicts(
      spending,
      works.map(({ effect }) => effect),
      open,
      overrides,
    ),
    ...inactiveVerdicts(works, inactive),
  ];
}

const isGuarded = ({ effect, gone, holder }: Removal): boolean =>
  ["delete", "replace", "forget"].includes(effect.op) ||
  isCounted({ effect, ...(gone ? { gone } : {}) }) ||
  holder !== undefined;

function removalOf(
  work: Work,
  policies: ReadonlyMap<string, StackObject>,
  open: ReadonlyMap<string, Approval>,
): Removal {
  const { applied, desired, effect, holder, gone } = work;
  const policy = (applied && policies.get(policyKey(applied))) ?? desired ?? applied?.document;
  const removal: Removal = { effect, protect: policy !== undefined && "protect" in policy && policy.protect === true };
  if (applied !== undefined) removal.account = applied.account;
  if (applied?.document.kind === "Server" && applied.document.owner !== undefined)
    removal.owner = applied.document.owner;
  if (holder !== undefined) removal.holder = holder;
  if (gone) removal.gone = gone;
  const approved = open.get(effect.hash);
  if (approved !== undefined) removal.approved = approved;
  return removal;
}

/** Names a recorded object: a firewall and a key may have one name. */
export const policyKey = ({ kind, account, identity }: { kind: string; account: string; identity: string }): string =>
  `${kind}/${account}/${identity}`;

/** Servers as they are recorded: a share is taken of what is there, not of what an accident left in the files. */
export function populationOf(all: Match[]): Population {
  const population: Population = { byAccount: new Map(), byOwner: new Map() };
  const count = (map: Map<string, number>, name: string) => map.set(name, (map.get(name) ?? 0) + 1);
  for (const { applied } of all) {
    if (applied?.document.kind !== "Server") continue;
    count(population.byAccount, applied.account);
    if (applied.document.owner !== undefined) count(population.byOwner, applied.document.owner);
  }
  return population;
}
