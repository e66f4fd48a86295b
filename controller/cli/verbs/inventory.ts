import { FleetError } from "../../../resources/errors.ts";
import { type Desired, readDesired } from "../../reconcile/desired.ts";
import {
  type AccountInventory,
  type InventoryItem,
  type ListedInventory,
  readInventory,
} from "../../reconcile/inventory.ts";
import type { MatchedAccount } from "../../reconcile/match.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { remoteOf } from "../remote/settings.ts";
import { remoteInventory } from "../remote/state.ts";
import { asOf } from "../render/as-of.ts";
import { renderInventory } from "../render/inventory.ts";
import { withSession } from "../session.ts";

export interface InventoryFlags extends GlobalOptions {
  account?: string[];
  all?: boolean;
}

/** `fleetwright inventory`: what the clouds hold that no file names, and since when. Exit 0; 1 when an account could not be read. */
export async function inventoryVerb(flags: InventoryFlags, io: Io): Promise<number> {
  const remote = await remoteOf(flags);
  if (remote !== undefined) {
    const { accounts, passes, known } = await remoteInventory(remote, flags.account, Date.now());
    for (const name of flags.account ?? [])
      if (!accounts.some(({ account }) => account === name)) noAccount(name, known);
    io.err(asOf(passes, Date.now()));
    return print(accounts, flags, io, { passes });
  }
  return await withSession(flags, io, async ({ controller, signal, view }) => {
    const desired = await readDesired(controller, await controller.repo.head(), signal);
    const accounts = flags.account?.map((name) => accountNamed(desired, name)) ?? [...desired.byIdentity.values()];
    const found = await view.during("listing the clouds", readInventory(controller, desired, accounts, signal));
    return print(found.map(asData), flags, io);
  });
}

function print(accounts: ListedInventory[], { json, all = false }: InventoryFlags, io: Io, more: object = {}): number {
  io.out(json ? JSON.stringify({ accounts, ...more }) : renderInventory(accounts, all, io));
  return accounts.some(({ error }) => error !== undefined) ? EXIT.error : EXIT.ok;
}

/** @throws {FleetError} USAGE naming the accounts there are. */
export function accountNamed({ accounts }: Desired, name: string): MatchedAccount {
  const account = accounts.get(name);
  if (account !== undefined) return account;
  return noAccount(name, accounts.keys());
}

function noAccount(name: string, known: Iterable<string>): never {
  const there = [...known].sort().join(", ");
  throw new FleetError("USAGE", `there is no account "${name}"; there are ${there}`, { account: name });
}

export function asData({ account, items, gone, error }: AccountInventory): ListedInventory {
  const plain = (all: InventoryItem[]) => all.map(({ actual: _, ...item }) => item);
  return { account, items: plain(items), gone: plain(gone), ...(error !== undefined && { error }) };
}
