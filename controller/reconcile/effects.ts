import type { Capabilities, Cloud } from "../../resources/cloud.ts";
import { ownerMark } from "../../resources/mark.ts";
import type { ServerSpec, StackObject } from "../../resources/spec.ts";
import { canonicalJson, sha256 } from "../fleet/canonical.ts";
import { bounded, boundedTexts } from "./bounded.ts";
import { asCreated, asRemoved, createOnlyDifferences, liveDifferences, livePart } from "./differences.ts";
import type { FieldDrift } from "./find-drift.ts";
import type { Match } from "./match.ts";
import { isRulePath, revertedPath } from "./rules.ts";
import type { Change, Effect, EffectOp, Work } from "./types.ts";

/** What was seen of a recorded machine, firewall or snapshot just now. `holder` is told when it does not carry our mark any more. */
export type Seen = { gone: true } | { gone: false; drift: FieldDrift[]; holder?: "nobody" | "another" };

export interface EffectContext {
  fleetId: string;
  /** Capabilities of the cloud of the object. */
  capabilities: Capabilities;
  /** What the same cloud says about single changes. */
  mustReplace?: Cloud["mustReplace"];
  /** Only looked at for servers and firewalls that are recorded. */
  seen?: Seen;
  /** Policy of a removed object: the last version that was committed, executed or not. */
  removal?: StackObject;
  /** Fingerprint of a secret by the fleet's key, so that a hash tells nothing about it. Without it, secrets do not count. */
  fingerprint?(secret: string): string;
}

/** The part of the context that a cloud gives. */
export const ruledBy = ({ capabilities, mustReplace }: Cloud): Pick<EffectContext, "capabilities" | "mustReplace"> => ({
  capabilities,
  mustReplace,
});

/** A server that is gone or differs is brought back as the files say; without `seen` the record is believed. */
export function workOf(match: Match, context: EffectContext): Work | undefined {
  const { desired, applied } = match;
  if (desired === undefined) return applied === undefined ? undefined : removal(match, context);
  if (applied === undefined) return creation(match, context);
  return change(match, context);
}

function creation(match: Match, context: EffectContext): Work {
  const spec = match.desired!.spec;
  const adopts =
    (spec.kind === "Server" || spec.kind === "Aggregate" || spec.kind === "Port") && spec.adopt !== undefined;
  const taken = spec.kind === "AggregateHost" && spec.takenFrom !== undefined;
  const changes = [
    ...(adopts ? [{ path: "adopt", after: spec.adopt }] : []),
    ...(taken ? [{ path: "takenFrom", after: spec.takenFrom }] : []),
    ...asCreated(spec),
  ];
  const effect = effectOf(match, adopts ? "adopt" : "create", changes, { inputs: inputsOf(spec, context) });
  if (spec.kind === "Snapshot") effect.notes.push(UNPRICED);
  return workWith(match, context, effect, { generation: 0, refresh: false });
}

function removal(match: Match, context: EffectContext): Work {
  const applied = match.applied!;
  const last = context.removal ?? applied.document;
  const forgets = last.kind === "Server" && last.deletionPolicy === "orphan";
  const op = forgets ? "forget" : "delete";
  const effect = effectOf(match, op, asRemoved(applied.document), { inputs: applied.mark });
  effect.dataLoss = op === "delete" && (applied.kind === "Server" || applied.kind === "Snapshot");
  if (forgets) effect.notes.push("the machine runs on: `deletionPolicy: orphan`");
  const gone = context.seen?.gone === true;
  if (gone) effect.notes.push(`${nounOf(applied.document)} is already gone`);
  return workWith(match, context, effect, { generation: applied.generation, refresh: applied.refresh || gone });
}

function change(match: Match, context: EffectContext): Work | undefined {
  const applied = match.applied!;
  const spec = match.desired!.spec;
  const before = alignedWith(applied.document, spec, applied.account === match.account);
  const moved = applied.account !== match.account;
  const documented = withoutCreateOnly(raisedOnly(liveDifferences(before, spec)), context.capabilities);
  const { seen } = context;
  const drift = seen?.gone === false ? seen.drift : [];
  const reasons = moved ? ["account"] : replaceReasons(before, spec, documented, drift, context);
  if (reasons.length > 0) return replacement(match, context, spec, before, documented, reasons);
  if (seen?.gone === true) return recreation(match, context, spec);

  const changes = [...documented.map((change) => overDrift(change, drift)), ...reverting(drift, documented)];
  // A suspect that turns out as desired keeps its flag: its next run reads it first.
  if (changes.length === 0) return undefined;
  const effect = effectOf(match, "update", changes, { inputs: livingInputs(spec) });
  if (before.kind === "Server" && spec.kind === "Server") effect.notes.push(...waitingForRebuild(before, spec));
  if (spec.kind === "Server" && spec.expired !== undefined && changes.some(({ path }) => path === "power"))
    effect.notes.push(`it was wanted until ${spec.expired}`);
  return workWith(match, context, effect, {
    generation: applied.generation,
    refresh: applied.refresh || drift.length > 0,
  });
}

/** An update without changes of its own, for an object of which it is not known what was applied; the engine says what it would change. */
export function idleWork(match: Match, context: EffectContext): Work {
  const effect = effectOf(match, "update", [], { inputs: livingInputs(match.desired!.spec) });
  return workWith(match, context, effect, { generation: match.applied!.generation, refresh: true });
}

function replacement(
  match: Match,
  context: EffectContext,
  spec: StackObject,
  before: StackObject,
  changes: Change[],
  reasons: string[],
): Work {
  const applied = match.applied!;
  const all =
    spec.kind === "Server" && before.kind === "Server" ? [...changes, ...createOnlyDifferences(before, spec)] : changes;
  const effect = effectOf(match, "replace", all, { inputs: inputsOf(spec, context), reasons });
  effect.replaceReasons = boundedTexts(reasons);
  effect.dataLoss = spec.kind === "Server";
  return workWith(match, context, effect, {
    generation: applied.generation + 1,
    refresh: applied.refresh || context.seen?.gone === true,
  });
}

const nounOf = ({ kind }: StackObject): string => (kind === "Server" ? "the machine" : `the ${kind.toLowerCase()}`);

/** No cloud's catalogue tells what it asks for keeping a snapshot, and how large one gets is known when it is taken. */
const UNPRICED = "what the cloud asks for it, by its size, is not known";

/** It is gone without a commit that removed it: it is made anew, under a new mark. */
function recreation(match: Match, context: EffectContext, spec: StackObject): Work {
  const effect = effectOf(match, "create", asCreated(spec), {
    inputs: inputsOf(spec, context),
    reasons: ["gone"],
  });
  effect.notes.push(
    ...(spec.kind === "Snapshot"
      ? [`the snapshot is gone from the cloud: another would be taken of ${spec.server} as it is now`, UNPRICED]
      : [`${nounOf(spec)} is gone from the cloud and would be made anew`]),
  );
  return workWith(match, context, effect, { generation: match.applied!.generation + 1, refresh: true });
}

/**
 * What makes it a replace: the account, a raised `rebuild`, and fields that this cloud does not change in place, or not in this way. What a hand has
 * made so already needs no machine.
 */
function replaceReasons(
  before: StackObject,
  spec: StackObject,
  changes: Change[],
  drift: readonly FieldDrift[],
  { capabilities, mustReplace }: EffectContext,
): string[] {
  if (spec.kind === "SshKey") return changes.map(({ path }) => path);
  if (spec.kind === "Port") return changes.flatMap(({ path }) => (path === "network" ? [path] : []));
  if (spec.kind !== "Server" || before.kind !== "Server") return [];
  const inPlace = new Set<string>([...capabilities.inPlace, "power", "stop", "restarts", "rules"]);
  const isSo = ({ path, after }: Change) =>
    drift.some((field) => field.path === path && canonicalJson(field.actual) === canonicalJson(after));
  const tops = new Set(changes.filter((change) => !isSo(change)).map(({ path }) => topOf(path)));
  const never = [...tops].filter((top) => !inPlace.has(top));
  const done = Object.fromEntries(
    Object.entries(spec).filter(([field]) => !tops.has(field) && changes.some(({ path }) => topOf(path) === field)),
  );
  return [...new Set([...never, ...(mustReplace?.({ ...before, ...done }, spec) ?? [])])];
}

/** Counters only count upwards: a lowered one says nothing. */
function raisedOnly(changes: Change[]): Change[] {
  return changes.filter(({ path, before, after }) => {
    if (path !== "rebuild" && !path.startsWith("restarts.")) return true;
    return Number(after ?? 0) > Number(before ?? 0);
  });
}

/** A field that the commit changes and somebody changed by hand before: its value on the cloud is what it is changed from. */
function overDrift(change: Change, drift: FieldDrift[]): Change {
  // Places of rules in different pairs of lists say nothing of each other.
  const found = isRulePath(change.path) ? undefined : drift.find(({ path }) => path === change.path);
  if (found === undefined || found.actual === change.after) return change;
  return { ...change, before: found.actual, drift: true };
}

/** Fields that only a hand has changed are brought back. */
function reverting(drift: FieldDrift[], documented: Change[]): Change[] {
  const changed = new Set(documented.filter(({ path }) => !isRulePath(path)).map(({ path }) => topOf(path)));
  const rules = documented.filter(({ path }) => isRulePath(path));
  // What the commit wants of a rule and a hand has done already is no way back.
  const isWanted = ({ desired, actual }: FieldDrift) =>
    rules.some(({ before, after }) => (actual === undefined ? before === desired : after === actual));
  return drift
    .filter((field) => (isRulePath(field.path) ? !isWanted(field) : !changed.has(topOf(field.path))))
    .map(({ path, desired, actual }) => ({
      path: revertedPath(path),
      ...(actual === undefined ? {} : { before: actual }),
      ...(desired === undefined ? {} : { after: desired }),
      drift: true as const,
    }));
}

const topOf = (path: string): string => path.split(/[.[]/)[0]!;

/** What this cloud only does when it makes a machine waits for `rebuild`, like an image. */
function withoutCreateOnly(changes: Change[], { createOnly = [] }: Capabilities): Change[] {
  const waits = new Set<string>(createOnly);
  return changes.filter(({ path }) => !waits.has(topOf(path)));
}

function waitingForRebuild(before: ServerSpec, after: ServerSpec): string[] {
  const paths = createOnlyDifferences(before, after).map(({ path }) => topOf(path));
  return paths.length === 0
    ? []
    : [`${[...new Set(paths)].join(", ")}: only new machines get this; raise \`rebuild\` to make this one anew`];
}

/** A renamed account is no change of account. */
function alignedWith(document: StackObject, spec: StackObject, sameAccount: boolean): StackObject {
  return sameAccount ? { ...document, account: spec.account } : document;
}

/** What the engine acts on; the account is in the hash by its identity, which a rename does not change. */
function livingInputs(spec: StackObject): unknown {
  return { ...livePart(spec), account: undefined };
}

function inputsOf(spec: StackObject, { fingerprint }: EffectContext): unknown {
  if (spec.kind === "AggregateHost" && spec.takenFrom !== undefined)
    return { live: livingInputs(spec), takenFrom: spec.takenFrom };
  if (spec.kind === "Port" && spec.adopt !== undefined) return { live: livingInputs(spec), adopt: spec.adopt };
  if (spec.kind === "Snapshot") return { live: livingInputs(spec), server: spec.server };
  if (spec.kind !== "Server") return livingInputs(spec);
  const { userData, ...createOnly } = spec.createOnly;
  const secret = userData !== undefined && "text" in userData ? (fingerprint?.(userData.text) ?? "secret") : userData;
  return { live: livingInputs(spec), createOnly, userData: secret, adopt: spec.adopt };
}

function effectOf(
  match: Match,
  op: EffectOp,
  changes: Change[],
  hashed: { inputs: unknown; reasons?: string[] },
): Effect {
  const { kind, name } = (match.desired?.spec ?? match.applied)!;
  const account = match.desired?.spec.account ?? match.applied!.document.account;
  const hash = sha256(canonicalJson({ kind, identity: match.identity, account: match.account, op, ...hashed })).slice(
    0,
    32,
  );
  return {
    hash,
    stack: match.stack,
    object: { kind, name, account },
    op,
    changes: bounded(changes),
    replaceReasons: [],
    dataLoss: false,
    notes: [],
  };
}

function workWith(
  match: Match,
  context: EffectContext,
  effect: Effect,
  { generation, refresh }: { generation: number; refresh: boolean },
): Work {
  const { kind } = effect.object;
  const { applied, desired } = match;
  const kept = applied !== undefined && applied.generation === generation;
  const work: Work = {
    effect,
    identity: match.identity,
    generation,
    mark: kept
      ? applied.mark
      : markOf(context.fleetId, { kind, identity: match.identity, account: match.account }, generation),
    stack: match.stack,
    refresh,
    desiredHash: desired?.hash ?? "",
  };
  if (desired) work.desired = desired.spec;
  if (applied) work.applied = applied;
  const { seen } = context;
  if (seen?.gone === false && seen.holder !== undefined) work.holder = seen.holder;
  if (seen?.gone === true && ["create", "delete", "forget"].includes(effect.op)) work.gone = true;
  return work;
}

/** The owner mark of an object. Shared objects of one name exist once per account, so their marks differ by account. */
export function markOf(
  fleetId: string,
  { kind, identity, account }: { kind: string; identity: string; account: string },
  generation: number,
): string {
  return ownerMark(fleetId, kind, kind === "Server" ? identity : `${account}/${identity}`, generation);
}

/** Hash over a set of effects, whatever its order; "" for none. */
export function setHash(effects: Effect[]): string {
  return effects.length === 0
    ? ""
    : sha256(
        effects
          .map(({ hash }) => hash)
          .sort()
          .join("\n"),
      ).slice(0, 32);
}
