import { roundToMicro } from "../fleet/money.ts";
import type { Overrides } from "./guards.ts";
import { BUYS, type Committed, type Priced, type SpendingTally } from "./spending.ts";
import { type MonthCost, projectedMicro } from "./spending-month.ts";
import { type Effect, objectKey, type Verdict } from "./types.ts";

/** What an account with a limit pays a month, and pays in this one. Amounts in whole micro-units of `currency`. */
export interface Spending {
  account: string;
  currency: string;
  /** A month at most. */
  limitMicro: number;
  cap: boolean;
  /** What its machines cost a month, those that were approved and are not made yet among them. */
  committedMicro: number;
  /** What the month has cost so far, and what it comes to by its end as things are. Absent where nothing is known of it. */
  spentMicro?: number;
  projectedMicro?: number;
  /** `2026-11`, and its first day of which anything is known. */
  month: string;
  from?: string;
  /** Machines whose price is not known, or is in another currency: they are in no sum. */
  uncounted: number;
}

/** How an account stands before and after some effects. */
export interface Standing {
  before: Spending;
  after: Spending;
  /** What makes it dearer and was not approved before; without an amount where the price is not known. */
  rising: { name: string; hash: string; byMicro?: number }[];
  /** The most that it may come to: the limit, or what it costs already. */
  ceilingMicro: number;
}

/** How an account stands now. Pure. */
export const spendingNow = (tally: SpendingTally): Spending => standing(tally, [], new Set()).after;

/**
 * How an account stands before and after some effects. Those that were approved before belong to both sides: nobody is asked twice. Pure.
 * @param open approvals, by effect hash
 */
export function standing(
  tally: SpendingTally,
  effects: readonly Effect[],
  open: { has(effectHash: string): boolean },
): Standing {
  const { account, servers, others, month, limit } = tally;
  const { currency } = limit.monthly;
  const counted = (price: Priced | undefined): number | undefined =>
    price === undefined ? 0 : price !== "unknown" && price.currency === currency ? price.monthlyMicro : undefined;
  const sides = { before: 0, after: 0 };
  let uncounted = 0;
  const add = (amount: number | undefined, at: readonly ("before" | "after")[] = ["before", "after"]) => {
    if (amount === undefined) uncounted += at.includes("after") ? 1 : 0;
    else for (const side of at) sides[side] += amount;
  };

  const own = new Map(
    effects.flatMap((effect) => (effect.object.kind === "Server" ? [[objectKey(effect.object), effect]] : [])),
  );
  for (const [key, committed] of servers) if (!own.has(key)) add(dearest(committed, counted));
  for (const { currency: other, servers: machines, monthlyMicro } of others)
    if (other === currency) add(monthlyMicro);
    else uncounted += machines;
  const rising: Standing["rising"] = [];
  for (const [key, effect] of own) {
    const recorded = servers.get(key)?.recorded;
    const [was, becomes] = [counted(recorded), counted(priceAfter(effect, account, recorded))];
    if (open.has(effect.hash)) {
      add(becomes);
      continue;
    }
    if (was !== undefined) add(was, ["before"]);
    add(becomes, ["after"]);
    const { name } = effect.object;
    const isSame = was === undefined && becomes === undefined && !isAnother(effect);
    if (becomes === undefined ? !isSame : becomes > (was ?? 0))
      rising.push({
        name,
        hash: effect.hash,
        ...(becomes !== undefined && { byMicro: becomes - (was ?? 0) }),
      });
  }
  const of = (committedMicro: number) => spending(tally, committedMicro, uncounted);
  const ceilingMicro = Math.max(sides.before, mostOf(roundToMicro(limit.monthly.amount), month));
  return { before: of(sides.before), after: of(sides.after), rising, ceilingMicro };
}

/** By what was approved it may become dearer, and until it is done it is what it was. */
function dearest(
  { recorded, coming }: Committed,
  counted: (price: Priced | undefined) => number | undefined,
): number | undefined {
  const amounts = [counted(recorded), counted(coming)];
  return amounts.includes(undefined) ? undefined : Math.max(...(amounts as number[]));
}

/** Undefined where nothing remains to be paid on this account. */
function priceAfter(effect: Effect, account: string, recorded: Priced | undefined): Priced | undefined {
  if (effect.op === "delete" || effect.object.account !== account) return undefined;
  // What is adopted is among the machines that no record has, and what is let go is paid on.
  return BUYS.has(effect.op) ? (effect.cost?.after ?? "unknown") : recorded;
}

/** Whether something else is bought than what is there. */
const isAnother = ({ op, changes }: Effect): boolean =>
  op !== "update" || changes.some(({ path }) => path === "size" || path === "region");

/** What the machines may cost a month, so that neither a whole month nor this one comes to more than the limit. */
function mostOf(limitMicro: number, { spentMicro, remaining }: MonthCost): number {
  if (spentMicro === undefined || remaining <= 0) return limitMicro;
  return Math.min(limitMicro, Math.max(0, Math.floor((limitMicro - spentMicro) / remaining)));
}

function spending({ account, limit, month }: SpendingTally, committedMicro: number, uncounted: number): Spending {
  const projected = projectedMicro(month, committedMicro);
  return {
    account,
    currency: limit.monthly.currency,
    limitMicro: roundToMicro(limit.monthly.amount),
    cap: limit.cap,
    committedMicro,
    ...(month.spentMicro !== undefined && { spentMicro: month.spentMicro }),
    ...(projected !== undefined && { projectedMicro: projected }),
    month: month.month,
    ...(month.from !== undefined && { from: month.from }),
    uncounted,
  };
}

/** Refuses what would bring an account with a cap above it, and what cannot be told to be within it. What makes nothing dearer passes. Pure. */
export function spendingVerdicts(
  tallies: Iterable<SpendingTally>,
  effects: readonly Effect[],
  open: { has(effectHash: string): boolean },
  overrides: Overrides,
): Verdict[] {
  return [...tallies].flatMap((tally): Verdict[] => {
    if (!tally.limit.cap) return [];
    const stands = standing(tally, effects, open);
    const message = refusedFor(stands);
    if (message === undefined) return [];
    const { rising } = stands;
    return [
      {
        guard: "spending",
        passed: maySpend(tally.account, overrides),
        message: `${tally.account} ${message}`,
        override: `--allow-spending ${tally.account}`,
        objects: rising.map(({ name }) => name),
      },
    ];
  });
}

export function maySpend(account: string, { allowSpending = [] }: Overrides): boolean {
  return allowSpending.includes(account) || allowSpending.includes("*");
}

/** Why an account may not be made so much dearer, without its name; undefined where it may. */
function refusedFor({ before, after, rising, ceilingMicro }: Standing): string | undefined {
  if (rising.length === 0) return undefined;
  const { currency, limitMicro, uncounted } = after;
  const may = `may cost ${units(limitMicro)} ${currency} a month, and`;
  const untold = rising.filter(({ byMicro }) => byMicro === undefined);
  if (untold.length > 0) return `${may} what ${namesOf(untold)} would cost in ${currency} is not known`;
  if (after.committedMicro <= before.committedMicro) return undefined;
  if (uncounted > 0) return `${may} what ${uncounted} of its machines cost in ${currency} is not known`;
  if (after.committedMicro <= ceilingMicro) return undefined;
  if (after.committedMicro > limitMicro)
    return `${may} would cost ${units(after.committedMicro)} with ${namesOf(rising)}, and costs ${units(before.committedMicro)} now`;
  return `${may} this one would come to ${units(after.projectedMicro!)} with ${namesOf(rising)}: ${units(after.spentMicro!)} are spent already`;
}

const NAMED = 5;

function namesOf(all: readonly { name: string }[]): string {
  const names = all.slice(0, NAMED).map(({ name }) => name);
  return all.length > NAMED ? `${names.join(", ")} and ${all.length - NAMED} more` : names.join(", ");
}

/**
 * Effects that do not fit any more beside those that go before them, by hash, and why: what makes nothing dearer comes first, and the others in their
 * order. Pure.
 */
export function beyondCaps(
  tallies: Iterable<SpendingTally>,
  effects: readonly Effect[],
  open: { has(effectHash: string): boolean },
): Map<string, string> {
  const beyond = new Map<string, string>();
  for (const tally of tallies) {
    if (!tally.limit.cap) continue;
    const all = standing(tally, effects, open);
    if (refusedFor(all) === undefined) continue;
    const { rising } = all;
    const dearer = new Set(rising.map(({ hash }) => hash));
    const passing = effects.filter(({ hash }) => !dearer.has(hash));
    for (const effect of effects.filter(({ hash }) => dearer.has(hash))) {
      const message = refusedFor(standing(tally, [...passing, effect], open));
      if (message === undefined) passing.push(effect);
      else beyond.set(effect.hash, message);
    }
  }
  return beyond;
}

/** `account linode-main: 412.00 of 500.00 USD a month`, for each account of which effects change what it costs. Pure. */
export function spendingNotes(tallies: Iterable<SpendingTally>, effects: readonly Effect[]): string[] {
  return [...tallies].flatMap((tally) => {
    const { before, after, rising } = standing(tally, effects, new Set());
    if (after.committedMicro === before.committedMicro && rising.length === 0) return [];
    return [`${spendingWords(after)}, ${units(before.committedMicro)} before`];
  });
}

/** `account linode-main: 412.00 of 500.00 USD a month; 120.00 spent in 2026-11, 380.10 by its end`. */
export function spendingWords(spending: Spending): string {
  const { account, committedMicro, limitMicro, currency, month, spentMicro, projectedMicro, uncounted } = spending;
  const soFar =
    spentMicro === undefined ? "" : `; ${units(spentMicro)} spent in ${month}, ${units(projectedMicro!)} by its end`;
  const left = uncounted === 0 ? "" : `; ${uncounted} machines whose price in ${currency} is not known are in no sum`;
  return `account ${account}: ${units(committedMicro)} of ${units(limitMicro)} ${currency} a month${soFar}${left}`;
}

/** `80 %`: what it costs a month of what it may; undefined where it may cost nothing. */
export const shareWords = ({ committedMicro, limitMicro }: Spending): string | undefined =>
  limitMicro === 0 ? undefined : `${Math.round((committedMicro / limitMicro) * 100)} %`;

/** Above what it may cost a month, or on the way to that in this one. */
export const isOver = ({ committedMicro, projectedMicro = 0, limitMicro }: Spending): boolean =>
  Math.max(committedMicro, projectedMicro) > limitMicro;

export const units = (micro: number): string => (micro / 1e6).toFixed(2);
