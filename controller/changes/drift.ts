import { FleetError } from "../../resources/errors.ts";
import { acceptedFiles } from "../reconcile/accept-files.ts";
import { fileEdits } from "../reconcile/commit-files.ts";
import type { Controller } from "../reconcile/context.ts";
import type { Desired } from "../reconcile/desired.ts";
import { findObjectDrift } from "../reconcile/drift.ts";
import { objectKey } from "../reconcile/types.ts";
import type { Change } from "./types.ts";

/** What a change is opened of. */
export type Opening = Pick<Change, "title" | "edits" | "reverts">;

/** What cannot be had, and why. */
export interface Refused {
  name: string;
  reason: string;
}

/**
 * A change that brings servers and firewalls back to what the files say. Its preview looks at each of them, and it ends where nothing differs.
 * @param keys `objectKey` of each
 * @throws {FleetError} NOT_FOUND for what no file has
 */
export function revertDrift({ objects }: Pick<Desired, "objects">, keys: readonly string[]): Opening {
  const names = new Map(objects.map(({ spec }) => [objectKey(spec), spec.name]));
  const unknown = keys.find((key) => !names.has(key));
  if (unknown !== undefined)
    throw new FleetError("NOT_FOUND", `no file has ${unknown}: there is nothing to bring it back to`, { key: unknown });
  return {
    title: `Revert drift of ${named(keys.map((key) => names.get(key)!))}`,
    edits: [],
    reverts: [...keys].sort(),
  };
}

/**
 * A change that writes into the files what servers and firewalls have come to be. Each is looked at now: what a pass has found may be hours old.
 * @param keys `objectKey` of each
 * @returns without a change when nothing of it can be written
 * @throws {FleetError} what the clouds say, and FLEET_INVALID
 */
export async function acceptDrift(
  controller: Controller,
  desired: Desired,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<{ opening?: Opening; refused: Refused[] }> {
  const accounts = await findObjectDrift(controller, desired, new Set(keys), signal);
  const drifted = accounts.flatMap((account) => account.drifted);
  const found = new Set(drifted.map(({ object, account, name }) => objectKey({ kind: object, account, name })));
  const same = keys
    .filter((key) => !found.has(key))
    .map((key) => ({ name: key.split("/").at(-1)!, reason: "it does not differ from what was applied" }));
  const { files, taken, refused } = await acceptedFiles(controller, desired, accounts, signal);
  const all = [...same, ...refused];
  if (taken.length === 0) return { refused: all };
  const title = `Accept drift of ${named(taken.map(({ name }) => name))}`;
  return { opening: { title, edits: await fileEdits(controller, desired.commit, files) }, refused: all };
}

export const named = (names: readonly string[]): string =>
  names.length > 5 ? `${names.length} objects` : names.join(", ");
