import type { FleetSpec, ServerSpec, SpendingLimit } from "../../resources/spec.ts";
import { priceIn } from "../catalog/offers.ts";
import { changesIn } from "../changes/steps.ts";
import type { DayCost } from "../store/types.ts";
import type { Controller } from "./context.ts";
import type { Desired } from "./desired.ts";
import { type MatchedAccount, readRecords } from "./match.ts";
import { type MonthCost, monthCost, readingsSince } from "./spending-month.ts";
import { type Cost, type Effect, objectKey } from "./types.ts";

/** What something costs a month; "unknown" where its cloud tells no price. */
export type Priced = Cost | "unknown";

/** What one server costs: as it is recorded, and as it will be by what was approved and is not done yet. One of the two is always there. */
export interface Committed {
  recorded?: Priced;
  coming?: Priced;
}

/** What an account with a limit is to pay, and has paid this month. */
export interface SpendingTally {
  /** Its name, and its identity. */
  account: string;
  identity: string;
  limit: SpendingLimit;
  /** By `objectKey`. */
  servers: ReadonlyMap<string, Committed>;
  /** Machines of the account that no record has, as the last pass has seen them. Without a currency: their prices are not known. */
  others: readonly Pick<DayCost, "currency" | "servers" | "monthlyMicro">[];
  month: MonthCost;
}

/** The account's own, or else the fleet's. */
export const limitOf = (
  { spec }: Pick<MatchedAccount, "spec">,
  { policies }: Pick<FleetSpec, "policies">,
): SpendingLimit | undefined => (spec.retired ? undefined : (spec.spending ?? policies.spending));

export const hasLimits = ({ fleet, accounts }: Pick<Limited, "fleet" | "accounts">): boolean =>
  [...accounts.values()].some((account) => limitOf(account, fleet) !== undefined);

export type Limited = Pick<Desired, "fleet" | "accounts" | "byIdentity" | "objects" | "catalogs">;

/** Accounts with a limit that these effects may make dearer, by identity. */
export function limitedBy(
  effects: readonly Effect[],
  { fleet, accounts }: Pick<Limited, "fleet" | "accounts">,
): Set<string> {
  if (!effects.some(({ object }) => object.kind === "Server")) return new Set();
  const names = new Set(effects.flatMap(({ object }) => (object.kind === "Server" ? [object.account] : [])));
  const limited = [...accounts.values()].filter((account) => limitOf(account, fleet) !== undefined);
  return new Set(limited.filter(({ spec }) => names.has(spec.name)).map(({ identity }) => identity));
}

/**
 * What accounts with a limit are to pay, by identity. What has been approved counts from then on, whether it is done or not: so two that fit each by
 * itself, and not together, do not both pass.
 * @param wanted identities; all that have a limit unless given
 * @param own id of a change that is not counted, because it is the one that is looked at
 */
export async function spendingTallies(
  controller: Pick<Controller, "store" | "now">,
  desired: Limited,
  { wanted, own }: { wanted?: ReadonlySet<string>; own?: string | undefined } = {},
): Promise<Map<string, SpendingTally>> {
  const { store } = controller;
  const now = controller.now();
  const limited = [...desired.accounts.values()].flatMap((account) => {
    const limit = limitOf(account, desired.fleet);
    const isWanted = wanted === undefined || wanted.has(account.identity);
    return limit !== undefined && isWanted ? [{ account, limit }] : [];
  });
  if (limited.length === 0) return new Map();
  const records = Map.groupBy(await readRecords(store, desired), ({ account }) => account);
  const coming = await comingServers(controller, desired, own);
  const today = namesNow(desired);
  const tallies = limited.map(async ({ account: { identity, spec }, limit }): Promise<[string, SpendingTally]> => {
    const catalog = desired.catalogs[spec.name];
    const costOf = ({ size, region }: Pick<ServerSpec, "size" | "region">): Priced => {
      const sold = catalog?.sizes.find(({ name }) => name === size);
      return (sold && priceIn(sold, region)) ?? "unknown";
    };
    const servers = new Map<string, Committed>();
    for (const { name, document } of records.get(identity) ?? [])
      if (document.kind === "Server") servers.set(serverKey(today.get(name) ?? name), { recorded: costOf(document) });
    for (const { key, account, cost } of coming)
      if (account === spec.name) servers.set(key, { ...servers.get(key), coming: cost });
    const others = await store.unrecordedCosts(identity);
    const month = monthCost(await store.costDays(readingsSince(now), identity), limit.monthly.currency, now);
    return [identity, { account: spec.name, identity, limit, servers, others, month }];
  });
  return new Map(await Promise.all(tallies));
}

const serverKey = (name: string): string => objectKey({ kind: "Server", account: "", name });

/** What servers are called now, by what they were called before. */
function namesNow({ objects }: Pick<Limited, "objects">): Map<string, string> {
  return new Map(
    objects.flatMap(({ spec }) =>
      spec.kind === "Server" ? spec.formerly.map((before): [string, string] => [before, spec.name]) : [],
    ),
  );
}

/** Servers that were approved and may not be recorded so yet, by an approval of their effect or by that of a change. */
async function comingServers(
  controller: Pick<Controller, "store">,
  { objects }: Pick<Limited, "objects">,
  own: string | undefined,
): Promise<{ key: string; account: string; cost: Priced }[]> {
  const open = [...(await controller.store.openApprovals()).values()].filter(({ quote }) => quote !== undefined);
  const changes = (await changesIn(controller, ["approved", "executing"])).filter(({ id }) => id !== own);
  if (open.length + changes.length === 0) return [];
  const accounts = new Map(
    objects.flatMap(({ spec }) => (spec.kind === "Server" ? [[objectKey(spec), spec.account]] : [])),
  );
  const approved = open.flatMap(({ object = "", quote }) => {
    const account = accounts.get(object);
    return account === undefined ? [] : [{ key: object, account, cost: quote?.cost ?? ("unknown" as const) }];
  });
  const effects = changes.flatMap(({ preview }) => preview?.effects ?? []);
  const changed = effects
    .filter(({ object, op }) => object.kind === "Server" && BUYS.has(op))
    .map(({ object, cost }) => ({
      key: objectKey(object),
      account: object.account,
      cost: cost?.after ?? ("unknown" as const),
    }));
  return [...approved, ...changed];
}

/** What may make a server cost something else than before. What is adopted is paid already, and what is let go is paid on. */
export const BUYS: ReadonlySet<Effect["op"]> = new Set(["create", "update", "replace"]);
