import { FleetError } from "../../../resources/errors.ts";
import { type Desired, readDesired } from "../../reconcile/desired.ts";
import { type AccountInventory, type InventoryItem, readInventory } from "../../reconcile/inventory.ts";
import type { MatchedAccount } from "../../reconcile/match.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";
import { renderInventory } from "../render/inventory.ts";
import { withSession } from "../session.ts";

export interface InventoryFlags extends GlobalOptions {
  account?: string[];
  all?: boolean;
}

/** `fleetwright inventory`: what the clouds hold that no file names, and since when. Exit 0; 1 when an account could not be read. */
export async function inventoryVerb(flags: InventoryFlags, io: Io): Promise<number> {
  return await withSession(flags, io, async ({ controller, signal, view }) => {
    const desired = await readDesired(controller, await controller.repo.head(), signal);
    const accounts = flags.account?.map((name) => accountNamed(desired, name)) ?? [...desired.byIdentity.values()];
    const found = await view.during("listing the clouds", readInventory(controller, desired, accounts, signal));
    io.out(
      flags.json ? JSON.stringify({ accounts: found.map(asData) }) : renderInventory(found, flags.all ?? false, io),
    );
    return found.some(({ error }) => error !== undefined) ? EXIT.error : EXIT.ok;
  });
}

/** @throws {FleetError} USAGE naming the accounts there are. */
export function accountNamed({ accounts }: Desired, name: string): MatchedAccount {
  const account = accounts.get(name);
  if (account !== undefined) return account;
  throw new FleetError("USAGE", `there is no account "${name}"; there are ${[...accounts.keys()].sort().join(", ")}`, {
    account: name,
  });
}

export function asData({ account, items, gone, error }: AccountInventory) {
  const plain = (all: InventoryItem[]) => all.map(({ actual: _, ...item }) => item);
  return { account, items: plain(items), gone: plain(gone), ...(error !== undefined && { error }) };
}
