import type { DriftKey } from "../store/types.ts";
import { type Controller, cloudOf } from "./context.ts";
import type { Desired } from "./desired.ts";
import type { AccountDrift, ObjectDrift } from "./drift.ts";
import { type ChosenPolicy, policyOf, refusalOf } from "./drift-policy.ts";
import { execute } from "./execute.ts";
import { holdText } from "./holds.ts";
import { isSettled, type MatchedAccount, matchObjects, readRecords } from "./match.ts";
import { passes, prepare } from "./preview.ts";
import { objectKey } from "./types.ts";

/** What became of an account's drift by the policies of its objects. */
export interface Reverted {
  /** Names, brought back. */
  reverted: string[];
  /** Left as they are although they are to be reverted, and why. */
  left: { name: string; reason: string }[];
  failed: { name: string; reason: string }[];
}

/** The same difference is brought back so often within an hour; then somebody else wants it so. */
const MOST = 3;
const WITHIN_MS = 3_600_000;

interface Candidate extends ChosenPolicy {
  drift: ObjectDrift;
  /** `objectKey`. */
  key: string;
  stack: string;
  keys: DriftKey[];
  /** Fields that its cloud changes in place. */
  inPlace: readonly string[];
}

/**
 * Brings back by itself what the files say is to be, of the drift that a pass has just found. It goes the same way as a person's revert: preview, holds,
 * guards, prices, an approval on record and the journal. What fails, or is a person's, holds up nothing else.
 * @throws {FleetError} STORE_FAILED
 */
export async function revertByPolicy(
  controller: Controller,
  desired: Desired,
  account: MatchedAccount,
  found: Pick<AccountDrift, "drifted" | "awaited">,
  signal: AbortSignal,
): Promise<Reverted> {
  const result: Reverted = { reverted: [], left: [], failed: [] };
  const wanted = await candidatesOf(controller, desired, account, [...found.drifted, ...found.awaited], result);
  const free = await withoutFought(controller, account, wanted, result);
  const ready = await withoutRefused(controller, desired, free, result, signal);
  for (const group of groupsOf(ready)) await revertGroup(controller, desired, account, group, result, signal);
  await tell(controller, account, result, ready);
  return result;
}

async function candidatesOf(
  controller: Controller,
  desired: Desired,
  account: MatchedAccount,
  drifted: readonly ObjectDrift[],
  { left }: Reverted,
): Promise<Candidate[]> {
  const { store } = controller;
  const chosen = drifted
    .map((drift) => ({ drift, ...policyOf(drift, desired) }))
    .filter(({ policy }) => policy !== "report");
  // An account that the files no longer have says nothing any more.
  if (chosen.length === 0 || !desired.accounts.has(account.spec.name)) return [];
  const matches = new Map(
    matchObjects(desired.objects, await readRecords(store, desired), desired.accounts).map((match) => [
      match.key,
      match,
    ]),
  );
  const open = await store.drift(account.identity, "open");
  return chosen.flatMap(({ drift, ...policy }): Candidate[] => {
    const { object: kind, name } = drift;
    const key = objectKey({ kind, name, account: drift.account });
    const match = matches.get(key);
    const leave = (reason: string) => {
      left.push({ name, reason });
      return [];
    };
    if (drift.kind === "gone") return leave("it is gone: to make it anew is never automatic");
    if (drift.suspended) return leave(`${drift.suspended.what}: ${drift.suspended.reason}`);
    if (match === undefined || !isSettled(match)) return leave("a change that is not applied yet concerns it");
    const keys = open
      .filter((one) => one.kind === kind && one.name === name)
      .map(({ identity, key }) => ({ kind, identity, key }));
    const { inPlace } = cloudOf(controller, account.spec.provider).capabilities;
    return [{ drift, ...policy, key, stack: match.stack, keys, inPlace }];
  });
}

/** Leaves out what is changed again as often as it is brought back, and tells that once a day. */
async function withoutFought(
  { store, now }: Controller,
  account: MatchedAccount,
  candidates: readonly Candidate[],
  { left }: Reverted,
): Promise<Candidate[]> {
  if (candidates.length === 0) return [];
  const counts = new Map<string, number>();
  const textOf = ({ kind, identity, key }: DriftKey) => `${kind} ${identity} ${key}`;
  for (const one of await store.reverts(account.identity, new Date(now() - WITHIN_MS).toISOString()))
    counts.set(textOf(one), (counts.get(textOf(one)) ?? 0) + 1);
  const isFought = (key: DriftKey) => (counts.get(textOf(key)) ?? 0) >= MOST;
  const fought = candidates.filter(({ keys }) => keys.some(isFought));
  const day = new Date(now()).toISOString().slice(0, 10);
  for (const { drift, keys } of fought) {
    const paths = drift.fields.map(({ path }) => path);
    left.push({ name: drift.name, reason: `somebody changes it back: reverted ${MOST} times within an hour` });
    await store.eventsOnce([
      {
        once: `drift.fought ${account.identity} ${textOf(keys.find(isFought)!)} ${day}`,
        kind: "drift.fought",
        object: account.identity,
        data: { account: account.spec.name, object: drift.object, name: drift.name, paths, times: MOST },
      },
    ]);
  }
  return candidates.filter((candidate) => !fought.includes(candidate));
}

/** Looks at the effects before any engine is started, and leaves out what the policies, a hold or a guard keep for a person or for later. */
async function withoutRefused(
  controller: Controller,
  desired: Desired,
  candidates: readonly Candidate[],
  result: Reverted,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const { left, failed } = result;
  if (candidates.length === 0) return [];
  const revert = new Set(candidates.map(({ key }) => key));
  try {
    const { preview } = await prepare(controller, { commit: desired.commit, revert, engine: false, signal });
    const byKey = new Map(preview.effects.map((effect) => [objectKey(effect.object), effect]));
    const held = new Map((preview.held ?? []).map(({ effect, holds }) => [objectKey(effect.object), holds]));
    const verdicts = preview.verdicts.filter((verdict) => !passes(verdict));
    return candidates.filter((candidate) => {
      const { drift, key } = candidate;
      const { name, fields } = drift;
      const effect = byKey.get(key);
      const reason =
        held.get(key)?.map(holdText).join("; ") ??
        (effect && refusalOf(effect, fields, candidate)) ??
        verdicts.find(({ objects }) => objects.includes(name))?.message;
      if (reason !== undefined) left.push({ name, reason });
      return reason === undefined && effect !== undefined;
    });
  } catch (error) {
    signal.throwIfAborted();
    if (candidates.length === 1) {
      failed.push({ name: candidates[0]!.drift.name, reason: (error as Error).message });
      return [];
    }
    const ready: Candidate[] = [];
    for (const one of candidates) ready.push(...(await withoutRefused(controller, desired, [one], result, signal)));
    return ready;
  }
}

/** What one approval and one stack are for. */
function groupsOf(candidates: readonly Candidate[]): Candidate[][] {
  return [...Map.groupBy(candidates, ({ stack, path, policy }) => `${stack}\n${path}\n${policy}`).values()];
}

/** All of a group at once; where that cannot be, each by itself, so that one holds up no other. */
async function revertGroup(
  controller: Controller,
  desired: Desired,
  account: MatchedAccount,
  group: Candidate[],
  result: Reverted,
  signal: AbortSignal,
): Promise<void> {
  const at = new Date(controller.now()).toISOString();
  await controller.store.putReverts(
    account.identity,
    group.flatMap(({ keys }) => keys),
    at,
  );
  try {
    await revertTogether(controller, desired, group, result, signal);
  } catch (error) {
    signal.throwIfAborted();
    if (group.length === 1) {
      result.failed.push({ name: group[0]!.drift.name, reason: (error as Error).message });
      return;
    }
    for (const one of group)
      await revertTogether(controller, desired, [one], result, signal).catch((cause: Error) => {
        signal.throwIfAborted();
        result.failed.push({ name: one.drift.name, reason: cause.message });
      });
  }
}

async function revertTogether(
  controller: Controller,
  desired: Desired,
  group: Candidate[],
  result: Reverted,
  signal: AbortSignal,
): Promise<void> {
  const { store } = controller;
  const scope = { commit: desired.commit, revert: new Set(group.map(({ key }) => key)) };
  const prepared = await prepare(controller, { ...scope, signal });
  const { effects } = prepared.preview;
  const [{ policy, path }] = group as [Candidate];
  const byKey = new Map(group.map((candidate) => [candidate.key, candidate]));
  const refused = effects.flatMap((effect) => {
    const candidate = byKey.get(objectKey(effect.object));
    if (candidate === undefined) return `it would ${effect.op} ${effect.object.name} as well`;
    return refusalOf(effect, candidate.drift.fields, candidate) ?? [];
  });
  if (refused.length > 0) throw new Error(refused.join("; "));
  if (effects.length === 0) return;
  const authors = await controller.repo.lastAuthors([path], desired.commit);
  const by = `policy: drift ${policy}, ${path} at ${authors.get(path)?.commit ?? desired.commit}`;
  const before = await store.openApprovals();
  try {
    const approved = { hashes: effects.map(({ hash }) => hash), by };
    const { outcomes, left = [] } = await execute(controller, { preview: scope, prepared, approved, signal });
    for (const { name, state, message = "" } of outcomes)
      if (state === "failed") result.failed.push({ name, reason: message });
      else result.reverted.push(name);
    result.left.push(...left.map(({ name, why }) => ({ name, reason: why })));
  } finally {
    // What this has approved and did not bring about is looked at anew by the next pass, and is nobody else's to carry out.
    await store.closeApprovals(effects.map(({ hash }) => hash).filter((hash) => !before.has(hash)));
  }
}

/** What could not be brought back is told once for each time that it came to differ. */
async function tell(
  { store }: Controller,
  account: MatchedAccount,
  { failed }: Reverted,
  ready: readonly Candidate[],
): Promise<void> {
  if (failed.length === 0) return;
  const open = await store.drift(account.identity, "open");
  await store.eventsOnce(
    failed.map(({ name, reason }) => {
      const ids = open.filter((one) => one.name === name).map(({ id }) => id);
      const object = ready.find(({ drift }) => drift.name === name)?.drift.object;
      return {
        once: `drift.unreverted ${account.identity} ${name} ${ids.join(" ")}`,
        kind: "drift.unreverted",
        object: account.identity,
        data: { account: account.spec.name, ...(object && { object }), name, reason },
      };
    }),
  );
}
