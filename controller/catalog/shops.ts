import { FleetError } from "../../resources/errors.ts";
import type { AccountSpec } from "../../resources/spec.ts";
import { loadAccounts } from "../fleet/load.ts";
import { type Controller, cloudOf } from "../reconcile/context.ts";
import { inParallel } from "../reconcile/pool.ts";
import { type ReadOptions, readSale } from "./cache.ts";
import type { Shop } from "./offers.ts";
import { staleWords } from "./words.ts";

/** The accounts of a commit (default: HEAD), whatever else in it is wrong. @throws {FleetError} NOT_FOUND for a name that is none. */
export async function accountsAt(
  controller: Pick<Controller, "repo" | "clouds" | "loaded">,
  names?: readonly string[],
  commit?: string,
): Promise<AccountSpec[]> {
  const { repo, clouds, loaded } = controller;
  const accounts = await loadAccounts(repo, await repo.head(commit), { clouds }, loaded);
  if (names === undefined) return [...accounts.values()];
  return names.map((name) => {
    const spec = accounts.get(name);
    if (spec !== undefined) return spec;
    const known = [...accounts.keys()].join(", ") || "none";
    throw new FleetError("NOT_FOUND", `the fleet has no account ${name} (it has: ${known})`, { account: name });
  });
}

/** What these accounts' clouds sell. One that cannot be read is told in `notes` and left out. */
export async function openShops(
  controller: Controller,
  accounts: readonly AccountSpec[],
  options: ReadOptions,
): Promise<{ shops: Shop[]; notes: string[] }> {
  const found = new Map<string, Shop>();
  const notes: string[] = [];
  const used = accounts.filter(({ retired }) => !retired);
  await inParallel(used, 8, async (account) => {
    const cloud = cloudOf(controller, account.provider);
    try {
      const { content, ageMs, stale } = await readSale(controller, account, options);
      if (stale !== undefined) notes.push(`${account.name}: ${staleWords(ageMs, stale)}`);
      if (!cloud.capabilities.sizes) notes.push(`${account.name}: ${cloud.title} sells no sizes, so it is left out`);
      else found.set(account.name, { account, cloud, catalog: content });
    } catch (error) {
      options.signal.throwIfAborted();
      notes.push(`${account.name}: the catalogue could not be read (${(error as Error).message}), so it is left out`);
    }
  });
  return { shops: accounts.flatMap(({ name }) => found.get(name) ?? []), notes: notes.sort() };
}
