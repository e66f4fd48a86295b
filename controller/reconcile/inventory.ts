import type { ActualServer } from "../../resources/actual.ts";
import type { Catalog } from "../../resources/catalog.ts";
import { ownerMark } from "../../resources/mark.ts";
import { readSale } from "../catalog/cache.ts";
import { priceIn } from "../catalog/offers.ts";
import type { AppliedObject } from "../store/types.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import type { Desired } from "./desired.ts";
import { lookAtServer } from "./look.ts";
import type { MatchedAccount } from "./match.ts";
import type { Cost } from "./types.ts";

/** A machine that an account has, and whose it is. */
export interface InventoryItem {
  account: string;
  id: string;
  name: string;
  /** `managed`: a record has it; `orphan`: it carries a mark of this fleet and no file wants it; `foreign`: no mark, or another fleet's. */
  kind: "managed" | "orphan" | "foreign";
  /** The fleet's name of a managed one. */
  server?: string;
  mark?: string;
  size?: string;
  region: string;
  power: ActualServer["power"];
  /** ISO instant. */
  createdAt?: string;
  ageDays?: number;
  monthly?: Cost;
  /** What the cloud tells of it. */
  actual: ActualServer;
}

export interface AccountInventory {
  account: string;
  items: InventoryItem[];
  /** Why it could not be listed; then nothing is said about its machines. */
  error?: string;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** Replaces of one server that a mark is looked for in, past the recorded one. */
const LIKELY_GENERATIONS = 8;

/** Every machine of these accounts, each account listed once. A machine that would be an orphan is looked at directly before it is called one. */
export async function readInventory(
  controller: Controller,
  desired: Desired,
  accounts: readonly MatchedAccount[],
  signal: AbortSignal,
): Promise<AccountInventory[]> {
  const records = await controller.store.objects({ kind: "Server" });
  const ours = marksOf(desired, records);
  return await Promise.all(
    accounts.map(async (account) => {
      try {
        return { account: account.spec.name, items: await itemsOf(controller, account, records, ours, signal) };
      } catch (error) {
        signal.throwIfAborted();
        return { account: account.spec.name, items: [], error: (error as Error).message };
      }
    }),
  );
}

async function itemsOf(
  controller: Controller,
  account: MatchedAccount,
  records: readonly AppliedObject[],
  ours: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<InventoryItem[]> {
  const { spec, identity } = account;
  const cloud = cloudOf(controller, spec.provider);
  const call = callOn(controller, spec, signal, "background");
  const catalog = await readSale(controller, spec, { signal }).then(
    ({ content }) => content,
    () => undefined,
  );
  const own = records.filter((record) => record.account === identity);
  const byId = new Map(own.flatMap((record) => (record.cloudId === undefined ? [] : [[record.cloudId, record]])));
  const byMark = new Map(own.map((record) => [record.mark, record]));
  const items: InventoryItem[] = [];
  for await (const listed of cloud.list(call)) {
    const { mark } = listed;
    const record = byId.get(listed.id) ?? (mark === undefined ? undefined : byMark.get(mark));
    if (record !== undefined) {
      items.push({ ...itemOf(spec.name, listed, "managed", catalog, controller.now()), server: record.name });
      continue;
    }
    const isOurs =
      mark !== undefined && (ours.has(mark) || (await controller.store.intent(identity, mark)) !== undefined);
    const actual = isOurs ? await lookAtServer(cloud, listed.id, call, controller.sleep) : listed;
    // A list lags: what is gone by now was no orphan.
    if (actual === undefined) continue;
    items.push(itemOf(spec.name, actual, isOurs ? "orphan" : "foreign", catalog, controller.now()));
  }
  return items.sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : a.id < b.id ? -1 : 1));
}

function itemOf(
  account: string,
  actual: ActualServer,
  kind: InventoryItem["kind"],
  catalog: Catalog | undefined,
  now: number,
): InventoryItem {
  const { id, name, mark, size, region, power, createdAt } = actual;
  const sold = catalog?.sizes.find((each) => each.name === size);
  const monthly = sold && priceIn(sold, region);
  return {
    account,
    id,
    name,
    kind,
    ...(mark !== undefined && { mark }),
    ...(size !== undefined && { size }),
    region,
    power,
    ...(createdAt !== undefined && {
      createdAt,
      ageDays: Math.max(0, Math.floor((now - Date.parse(createdAt)) / DAY_MS)),
    }),
    ...(monthly !== undefined && { monthly }),
    actual,
  };
}

/** Marks that machines of this fleet's servers have or have had; the journal knows those of servers that are forgotten. */
function marksOf({ fleet, objects }: Desired, records: readonly AppliedObject[]): Set<string> {
  const identities = new Map<string, number>();
  for (const { spec } of objects)
    if (spec.kind === "Server") for (const name of [spec.name, ...spec.formerly]) identities.set(name, 0);
  for (const { identity, generation } of records) identities.set(identity, generation);
  return new Set(
    [...identities].flatMap(([identity, generation]) =>
      Array.from({ length: generation + LIKELY_GENERATIONS }, (_, each) =>
        ownerMark(fleet.id, "Server", identity, each),
      ),
    ),
  );
}
