import { randomUUID } from "node:crypto";
import { FleetError } from "../../resources/errors.ts";
import { canonicalJson, sha256 } from "../fleet/canonical.ts";
import type { Controller } from "../reconcile/context.ts";
import { sumMoney } from "../reconcile/cost.ts";
import { setHash } from "../reconcile/effects.ts";
import type { Overrides } from "../reconcile/guards.ts";
import { type Prepared, passes, prepare } from "../reconcile/preview.ts";
import { rememberQuotes } from "../reconcile/quotes.ts";
import { spendingNotes } from "../reconcile/spending-judge.ts";
import { type Effect, objectKey } from "../reconcile/types.ts";
import { overridesOfCall } from "./call.ts";
import { requestOf, type Wanted } from "./draft.ts";
import type { Change, ChangePreview } from "./types.ts";

type Drafted = Wanted & Pick<Change, "base" | "head" | "objects" | "merged" | "call">;

/** What becomes of each look, by the change's id. */
export type Looks = Map<string, ChangePreview | FleetError>;

/**
 * Looks what each change would do, as if it were alone. Those that touch different objects are looked at together: an effect's hash does not tell
 * what else a commit has, so fifty of them take one run of the engine for each stack.
 * @param changes all drafted on one commit
 */
export async function lookAt(controller: Controller, changes: readonly Drafted[], signal: AbortSignal): Promise<Looks> {
  const looks: Looks = new Map();
  for (const batch of disjoint(changes)) {
    const together = batch.length > 1 ? await lookTogether(controller, batch, signal) : undefined;
    for (const [id, look] of together ?? (await lookSingly(controller, batch, signal))) looks.set(id, look);
  }
  return looks;
}

/** Batches of which none has an object twice. One that is merged already, or has no edits, is looked at where it is, and one that holds something alone. */
function disjoint(changes: readonly Drafted[]): Drafted[][] {
  const batches: { changes: Drafted[]; objects: Set<string> }[] = [];
  const isDraft = ({ merged, reverts, ahead }: Drafted) =>
    merged === undefined && reverts === undefined && ahead === undefined;
  for (const change of changes.filter(isDraft)) {
    const fits = batches.find(({ objects }) => !change.objects.some((key) => objects.has(key)));
    const batch = fits ?? { changes: [], objects: new Set<string>() };
    batch.changes.push(change);
    for (const key of change.objects) batch.objects.add(key);
    if (batch !== fits) batches.push(batch);
  }
  return [
    ...batches.map(({ changes }) => changes),
    ...changes.filter((change) => !isDraft(change)).map((one) => [one]),
  ];
}

async function lookSingly(controller: Controller, changes: readonly Drafted[], signal: AbortSignal): Promise<Looks> {
  const looks: Looks = new Map();
  for (const change of changes) {
    try {
      const overrides = overridesOfCall(change.call);
      looks.set(change.id, (await lookOnce(controller, change, signal, { ...(overrides && { overrides }) })).preview);
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof FleetError)) throw error;
      looks.set(change.id, error);
    }
  }
  return looks;
}

/** Undefined where one of them has to be looked at alone: a guard refuses what they do together, a cloud does not answer for one of them. */
async function lookTogether(
  controller: Controller,
  changes: readonly Drafted[],
  signal: AbortSignal,
): Promise<Looks | undefined> {
  const { commits, repo } = controller;
  const name = `batch-${randomUUID()}`;
  try {
    const planned = await commits.plan(changes.map(requestOf), changes[0]!.base);
    const commit = await repo.keepDraft(
      name,
      changes[0]!.base,
      planned.filter((one) => one !== undefined),
    );
    const objects = new Set(changes.flatMap((change) => change.objects));
    const prepared = await prepare(controller, { commit, objects, signal });
    const { effects, held = [], verdicts } = prepared.preview;
    const isKnown = [...effects, ...held.map(({ effect }) => effect)].every(({ object }) =>
      objects.has(objectKey(object)),
    );
    if (!isKnown || !verdicts.every(passes)) return undefined;
    await rememberQuotes(controller, prepared);
    return new Map(changes.map((change) => [change.id, partOf(prepared, change)]));
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof FleetError)) throw error;
    return undefined;
  } finally {
    await repo.dropDrafts([name]);
  }
}

/** What one change would do. @throws {FleetError} as `prepare` */
export async function lookOnce(
  controller: Controller,
  change: Drafted,
  signal: AbortSignal,
  { overrides, engine = true }: { overrides?: Overrides; engine?: boolean } = {},
): Promise<{ preview: ChangePreview; prepared: Prepared }> {
  const objects = new Set(change.objects);
  // What is brought back is as it was recorded, and so would not be looked at.
  const scope = {
    commit: change.head,
    change: change.id,
    engine,
    signal,
    ...(change.reverts ? { revert: objects } : { objects }),
  };
  const prepared = await prepare(controller, { ...scope, ...(overrides && { overrides }) });
  await rememberQuotes(controller, prepared);
  const { effects, held, verdicts, cost, price, notes } = prepared.preview;
  const preview = { hash: hashOf(effects, change), effects, verdicts, cost, price, notes, ...(held && { held }) };
  return { preview, prepared };
}

function partOf({ preview, guarded: { spending } }: Prepared, change: Drafted): ChangePreview {
  const own = new Set(change.objects);
  const isOwn = ({ object }: Effect) => own.has(objectKey(object));
  const effects = preview.effects.filter(isOwn);
  const names = new Set(effects.map(({ object }) => object.name));
  const held = (preview.held ?? []).filter(({ effect }) => isOwn(effect));
  // What all of them cost together is not what this one does.
  const together = new Set(spendingNotes(spending, preview.effects));
  return {
    hash: hashOf(effects, change),
    effects,
    ...(held.length > 0 && { held }),
    verdicts: preview.verdicts.filter(({ objects }) => objects.some((name) => names.has(name))),
    notes: [...preview.notes.filter((note) => !together.has(note)), ...spendingNotes(spending, effects)],
    ...sumMoney(effects),
  };
}

/** Names what is approved: effects, or where there are none the edits themselves. */
const hashOf = (effects: Effect[], { edits, reverts }: Pick<Change, "edits" | "reverts">): string =>
  effects.length > 0 ? setHash(effects) : sha256(canonicalJson({ edits, ...(reverts && { reverts }) }));
