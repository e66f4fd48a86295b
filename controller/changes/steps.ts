import { FleetError } from "../../resources/errors.ts";
import type { Controller } from "../reconcile/context.ts";
import { toChange, toStored } from "./records.ts";
import { checkStep, OPEN } from "./transitions.ts";
import type { Change, ChangeState } from "./types.ts";

/** What changes are worked on with. */
export interface Ground {
  controller: Controller;
  /** The last valid commit of the main line. @throws {FleetError} STORE_FAILED before the first */
  main(): string;
  /** Has changes that wait for their preview looked at. */
  wake(): Promise<void>;
  /** Has the repository looked at, and what is approved executed. */
  poke(): void;
  /** Has a pull request executed that nobody has merged. @see runAhead */
  ahead(id: string): Promise<void>;
}

/** Everything of a change but what says where it stands. */
export type Patch = Partial<Omit<Change, "id" | "version" | "state" | "updatedAt">>;

/** @throws {FleetError} NOT_FOUND */
export async function changeOf({ store }: Pick<Controller, "store">, id: string): Promise<Change> {
  const stored = await store.change(id);
  if (stored === undefined) throw new FleetError("NOT_FOUND", `there is no change ${id}`, { change: id });
  return toChange(stored);
}

export async function changesIn(
  { store }: Pick<Controller, "store">,
  states: readonly ChangeState[],
): Promise<Change[]> {
  const stored = await store.changes({ states }, Number.MAX_SAFE_INTEGER);
  // The oldest first: that is their order.
  return stored.map(toChange).reverse();
}

/** Pull requests that were executed before their merge, or are being, and of which something may still become. */
export async function wereAhead({ store }: Pick<Controller, "store">): Promise<Change[]> {
  return (await store.changes({ states: OPEN, ahead: true }, Number.MAX_SAFE_INTEGER)).map(toChange);
}

/** Those that nobody has merged: what they have changed is held for them. */
export const changesAhead = async (controller: Pick<Controller, "store">): Promise<Change[]> =>
  (await wereAhead(controller)).filter(isAhead);

export const isAhead = ({ ahead, merged }: Pick<Change, "ahead" | "merged">): boolean =>
  ahead !== undefined && merged === undefined;

/** Of these the first that changes the same as a change, and is not that one. */
export const overlapping = (others: readonly Change[], { id, objects }: Pick<Change, "id" | "objects">) =>
  others.find((other) => other.id !== id && other.objects.some((key) => objects.includes(key)));

export const waitsFor = ({ id, title }: Change): string => `waits for ${id} (${title}), which changes the same`;

/**
 * Takes a change to another state, on record with who did it and why, and told to whoever follows events.
 * @throws {FleetError} CHANGE_STATE when it cannot come there, or somebody else was faster.
 */
export async function step(
  controller: Controller,
  change: Change,
  to: ChangeState,
  { by, reason, ...patch }: Patch & { by: string },
): Promise<Change> {
  checkStep(change, to);
  const { reason: _, ...rest } = change;
  const at = new Date(controller.now()).toISOString();
  const next: Change = { ...rest, ...patch, state: to, version: change.version + 1, updatedAt: at };
  if (reason !== undefined) next.reason = reason;
  const record = { change: change.id, from: change.state, to, by, at, ...(reason !== undefined && { reason }) };
  if (!(await controller.store.putChange(toStored(next), change.version, record))) throw movedOn(change);
  await tell(controller, next, by);
  return next;
}

/** Writes what has become known of a change, in the state it is in. @throws {FleetError} CHANGE_STATE when somebody else was faster. */
export async function amend(controller: Controller, change: Change, patch: Patch): Promise<Change> {
  const at = new Date(controller.now()).toISOString();
  const next: Change = { ...change, ...patch, version: change.version + 1, updatedAt: at };
  if (!(await controller.store.putChange(toStored(next), change.version))) throw movedOn(change);
  return next;
}

export async function tell({ store }: Controller, change: Change, by: string): Promise<void> {
  const { id, title, state, reason, author, surface, merged } = change;
  const data = {
    change: id,
    title,
    state,
    author,
    surface,
    by,
    ...(reason && { reason }),
    ...(merged && { commit: merged }),
  };
  await store.event({ kind: `change.${state}`, object: id, data });
}

/** Lets somebody else's step be: whoever works through many comes by again. */
export async function unlessMovedOn(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== "CHANGE_STATE") throw error;
  }
}

/** Who is overtaken by a step that changes nothing for what was asked does it again on what is there now. */
export async function onLatest<T>(work: () => Promise<T>): Promise<T> {
  for (let left = 5; ; left--) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof FleetError) || error.at.overtaken !== true || left === 0) throw error;
    }
  }
}

function movedOn({ id }: Change): FleetError {
  const at = { change: id, overtaken: true };
  return new FleetError("CHANGE_STATE", `the change ${id} has moved on meanwhile: look at it again`, at);
}
