import type { ActualServer } from "../../resources/actual.ts";
import type { Catalog } from "../../resources/catalog.ts";
import { readSale } from "../catalog/cache.ts";
import type { AppliedObject, SeenServer } from "../store/types.ts";
import { classify, fleetMarks } from "./classes.ts";
import type { Controller } from "./context.ts";
import { dayCosts } from "./day-costs.ts";
import type { Desired } from "./desired.ts";
import { type MatchedAccount, readRecords } from "./match.ts";
import { placeOf, readAccount } from "./read-account.ts";
import { whatIsSeen } from "./seen.ts";
import type { Cost } from "./types.ts";

/** A machine as lists tell it. */
export type ListedItem = Omit<InventoryItem, "actual">;

export type ListedInventory = Omit<AccountInventory, "items" | "gone"> & Record<"items" | "gone", ListedItem[]>;

/** A machine that an account has, and whose it is. */
export interface InventoryItem {
  account: string;
  id: string;
  name: string;
  /** `managed`: a record has it; `orphan`: it carries a mark of this fleet and no record has it; `foreign`: no mark, or another fleet's. */
  kind: SeenServer["class"];
  /** The fleet's name of a managed one. */
  server?: string;
  mark?: string;
  size?: string;
  region: string;
  power: ActualServer["power"];
  /** ISO instants: when the cloud made it, where it tells that; the first pass that saw it, and the last. */
  createdAt?: string;
  firstSeen: string;
  lastSeen: string;
  /** Since it was made, or else since it was first seen. */
  ageDays: number;
  monthly?: Cost;
  /** ISO instant of the pass that found it gone. */
  goneSince?: string;
  /** What the cloud tells of it. */
  actual: ActualServer;
}

export interface AccountInventory {
  account: string;
  items: InventoryItem[];
  /** What went within the last 90 days. */
  gone: InventoryItem[];
  /** Why it could not be read; then nothing is said about its machines, and nothing is stored. */
  error?: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;

/** Every machine of these accounts, each account read by one pass, which is stored. */
export async function readInventory(
  controller: Controller,
  desired: Desired,
  accounts: readonly MatchedAccount[],
  signal: AbortSignal,
): Promise<AccountInventory[]> {
  const records = (await readRecords(controller.store, desired)).filter(({ kind }) => kind === "Server");
  const isMark = fleetMarks(desired, records);
  const used = accounts.filter(({ spec }) => !spec.retired);
  return await Promise.all(
    used.map(async (account) => {
      try {
        return await inventoryOf(controller, account, records, isMark, signal);
      } catch (error) {
        signal.throwIfAborted();
        return { account: account.spec.name, items: [], gone: [], error: (error as Error).message };
      }
    }),
  );
}

async function inventoryOf(
  controller: Controller,
  account: MatchedAccount,
  records: readonly AppliedObject[],
  isMark: (mark: string) => boolean,
  signal: AbortSignal,
): Promise<AccountInventory> {
  const { spec, identity } = account;
  const place = placeOf(controller, account, signal);
  const catalog = await saleOf(controller, account, signal);
  const reading = await readAccount(place);
  const own = records.filter((record) => record.account === identity);
  const owned = await classify(place, reading, own, isMark);
  const { present, ...changed } = whatIsSeen(reading, owned, catalog);
  const costs = dayCosts(present, owned);
  await controller.store.recordPass({ account: identity, pass: reading.pass, ...changed, costs });

  const now = controller.now();
  const went = new Set(changed.gone.map(({ id }) => id));
  const gone = reading.before.servers
    .filter(({ id, goneSince }) => went.has(id) || (goneSince !== undefined && !owned.has(id)))
    .map((row) => ({ ...row, goneSince: row.goneSince ?? reading.pass.readAt }));
  return {
    account: spec.name,
    items: present.map((row) => itemOf(spec.name, row, owned.get(row.id)!.record?.name, now)).sort(byName),
    gone: gone.map((row) => itemOf(spec.name, row, undefined, now)).sort(byName),
  };
}

/**
 * Machines as the last pass over an account has seen them, by their ids: no cloud is asked.
 * @returns without those that no pass has seen, or that went.
 */
export async function seenItems(
  { store, now }: Pick<Controller, "store" | "now">,
  { spec, identity }: MatchedAccount,
  ids: readonly string[],
): Promise<InventoryItem[]> {
  const { servers } = await store.inventory(identity, ids);
  const records = await store.objects({ account: identity, kind: "Server" });
  const names = new Map(records.map(({ cloudId, name }) => [cloudId, name]));
  return servers
    .filter(({ goneSince }) => goneSince === undefined)
    .map((row) => {
      const server = names.get(row.id);
      // It may have been taken over since.
      return itemOf(spec.name, server === undefined ? row : { ...row, class: "managed" }, server, now());
    });
}

async function saleOf(
  controller: Controller,
  { spec }: MatchedAccount,
  signal: AbortSignal,
): Promise<Catalog | undefined> {
  return await readSale(controller, spec, { signal }).then(
    ({ content }) => content,
    () => undefined,
  );
}

function itemOf(account: string, row: SeenServer, server: string | undefined, now: number): InventoryItem {
  const { id, name, class: kind, mark, size, region, state: power, firstSeen, lastSeen, goneSince, monthly } = row;
  const { createdAt } = row.actual;
  return {
    account,
    id,
    name,
    kind,
    ...(server !== undefined && { server }),
    ...(mark !== undefined && { mark }),
    ...(size !== undefined && { size }),
    region,
    power,
    ...(createdAt !== undefined && { createdAt }),
    firstSeen,
    lastSeen,
    ageDays: ageDays({ ...row, ...(createdAt !== undefined && { createdAt }) }, now),
    ...(monthly !== undefined && { monthly }),
    ...(goneSince !== undefined && { goneSince }),
    actual: row.actual,
  };
}

/** Since it was made, or else since it was first seen; of one that went, until it was last seen. */
export function ageDays(
  {
    createdAt,
    firstSeen,
    lastSeen,
    goneSince,
  }: Pick<InventoryItem, "createdAt" | "firstSeen" | "lastSeen" | "goneSince">,
  now: number,
): number {
  const until = goneSince === undefined ? now : Date.parse(lastSeen);
  return Math.max(0, Math.floor((until - Date.parse(createdAt ?? firstSeen)) / DAY_MS));
}

type Named = Pick<InventoryItem, "id" | "name">;
export const byName = (a: Named, b: Named): number =>
  a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1;
