import { FleetError } from "../../resources/errors.ts";
import { type Proposal, proposeAdoption } from "../adopt/propose.ts";
import { fileEdits } from "../reconcile/commit-files.ts";
import type { Controller } from "../reconcile/context.ts";
import type { Desired } from "../reconcile/desired.ts";
import { seenItems } from "../reconcile/inventory.ts";
import { named, type Opening, type Refused } from "./drift.ts";

/** What taking machines over would be. */
export interface Adoption {
  proposals: Proposal[];
  refused: (Refused & { id: string })[];
  /** Absent when no file can be written for any of them. */
  opening?: Opening;
}

/**
 * A change that adds a file for each of these orphans and foreign machines, which takes it over by its id.
 * @param ids of machines that a pass has seen
 * @throws {FleetError} NOT_FOUND for an account that no file has, or a machine that no pass has seen; USAGE for one that the fleet has already;
 *   FLEET_INVALID
 */
export async function adoptMachines(
  controller: Controller,
  desired: Desired,
  { account: accountName, ids }: { account: string; ids: readonly string[] },
  signal: AbortSignal,
): Promise<Adoption> {
  const account = desired.accounts.get(accountName);
  if (account === undefined)
    throw new FleetError("NOT_FOUND", `no file has the account ${accountName}`, { account: accountName });
  const items = await seenItems(controller, account, ids);
  for (const id of ids) {
    const item = items.find((one) => one.id === id);
    if (item === undefined)
      throw new FleetError("NOT_FOUND", `no pass over ${accountName} has seen a machine ${id}`, { id });
    if (item.kind === "managed")
      throw new FleetError("USAGE", `${id} is the server ${item.server ?? item.name} already`, { id });
  }
  const { proposals, refused } = await proposeAdoption(controller, desired, account, items, signal);
  const adoption = { proposals, refused: refused.map(({ item: { id, name }, reason }) => ({ id, name, reason })) };
  if (proposals.length === 0) return adoption;
  const files = Object.fromEntries(proposals.map(({ path, text }) => [path, text]));
  const edits = await fileEdits(controller, desired.commit, files);
  return {
    ...adoption,
    opening: { title: `Adopt ${named(proposals.map(({ name }) => name))} of ${accountName}`, edits },
  };
}
