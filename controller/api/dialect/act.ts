import { createHash, randomBytes } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import { FleetError } from "../../../resources/errors.ts";
import { ownerMark } from "../../../resources/mark.ts";
import type { CallObject, CallOp, Dialect } from "../../changes/call.ts";
import type { Change } from "../../changes/types.ts";
import { editsOf, type Wish } from "../../changes/wishes.ts";
import { canonicalJson } from "../../fleet/canonical.ts";
import { fleetIdOf } from "../../fleet-id.ts";
import type { Principal } from "../../people/principal.ts";
import type { FileEdit } from "../../repo/edits.ts";
import type { FleetParts } from "../fleet/api.ts";
import { Refusal, refusalOf } from "./refusal.ts";

/** What dialects act with. */
export type DialectParts = Pick<FleetParts, "controller" | "service">;

/** What a call is to bring about. */
export interface Composed {
  /** The first line of its commit. */
  title: string;
  /** All that it may do anything to; the first is what it is about. */
  objects: readonly [CallObject, ...CallObject[]];
  /** Whose limits it counts for. */
  owner?: string;
  wishes?: readonly Wish[];
  /** Beside the wishes. */
  edits?: readonly FileEdit[];
  /** `objectKey` of what is to be as the files say again. Then there are neither wishes nor edits. */
  reverts?: readonly string[];
}

export interface Act {
  dialect: Dialect;
  op: CallOp;
  by: Principal;
  /** Route and body: the same from the same caller is the same call, until the first was answered. */
  asked: unknown;
  /** @param seed 32 hexadecimal digits, the same for a call that is sent again: what names it makes, it makes of them */
  compose(seed: string): Composed | Promise<Composed>;
  /** `id`: the cloud has answered its create. `passed`: preview and policy. `done`: it has converged. */
  until: "id" | "passed" | "done";
  waitMs: number;
}

export interface Acted {
  /** Undefined when all of it is so already. */
  change?: Change;
  composed: Composed;
  /** `waiting`: nothing of what was waited for has come so far, and it goes on. */
  state: "waiting" | "passed" | "done";
  /** The cloud's id of what it has made, once known. */
  id?: string;
  /** Whoever has called has the answer: from now on the same request is another call. */
  answered(): Promise<void>;
}

const LOOK_MS = 200;
/** A call that was never answered is joined for so long. */
const KEPT_MS = 3600 * 1000;

/**
 * The one way in which callers of dialects change anything: a change that the dialect's policy approves by itself, or that is closed at once. What the
 * cloud refuses before the answer is taken back before it is told.
 * @throws {Refusal}
 */
export async function act(parts: DialectParts, call: Act, signal: AbortSignal): Promise<Acted> {
  const { controller } = parts;
  const key = createHash("sha256")
    .update(canonicalJson([call.dialect, call.op, call.by.id, call.asked]))
    .digest("hex");
  const seed = await controller.store.beginCall(key, randomBytes(16).toString("hex"), KEPT_MS);
  const answered = async () => await controller.store.endCall(key);
  try {
    const composed = await call.compose(seed);
    const opened = await open(parts, call, composed, seed, signal);
    if (opened === undefined) return { composed, state: "done", answered };
    return { composed, answered, ...(await reached(parts, call, opened, signal)) };
  } catch (error) {
    // A caller that has gone joins it, and is told what has become of it.
    if (signal.aborted) throw error;
    const refusal = refusalOf(error);
    // So does one who was told of a fault of ours: it may be under way, and the same request is no second one.
    if (refusal.kind !== "internal") await answered();
    throw refusal;
  }
}

/** Undefined when the files say all of it already. */
async function open(
  { service }: DialectParts,
  { dialect, op, by }: Act,
  { title, objects, owner, wishes = [], edits = [], reverts }: Composed,
  seed: string,
  signal: AbortSignal,
): Promise<Change | undefined> {
  const { desired } = service;
  if (desired === undefined) throw new Refusal("starting", "the service has not read the fleet yet: try again soon");
  const call = { dialect, op, objects, ...(owner !== undefined && { owner }) };
  const request = { title, surface: dialect, by, key: seed, executes: true, call, ...(reverts && { reverts }) };
  // What came to the main line by the first of two is there for the second.
  const earlier = await service.changes.opened(request);
  if (earlier !== undefined) return earlier;
  try {
    return await service.changes.open({ ...request, edits: [...editsOf(wishes, desired), ...edits] }, signal);
  } catch (error) {
    if (error instanceof FleetError && error.at.same === true) return undefined;
    throw error;
  }
}

/** @throws {Refusal} once it has come to nothing. */
async function reached(
  parts: DialectParts,
  { until, waitMs }: Act,
  { id: changeId }: Change,
  signal: AbortSignal,
): Promise<Omit<Acted, "composed" | "answered"> & { change: Change }> {
  const { controller, service } = parts;
  const end = controller.steady() + waitMs;
  const madeId = madeBy(parts);
  for (;;) {
    const change = await service.changes.get(changeId);
    // What was taken back is to be gone for whoever reads after the answer.
    if (change.state === "closed" && change.merged !== undefined) await service.look();
    if (wasRight(change)) return { change, state: "done" };
    refuseEnded(change);
    const made = until === "id" ? await madeId(change) : undefined;
    const id = made === undefined ? {} : { id: made };
    if (change.state === "converged") return { change, state: "done", ...id };
    const hasPassed = change.state === "executing" || change.merged !== undefined;
    if (hasPassed && (until === "passed" || made !== undefined)) return { change, state: "passed", ...id };
    if (controller.steady() >= end) return { change, state: hasPassed ? "passed" : "waiting", ...id };
    await delay(LOOK_MS, undefined, { signal });
  }
}

/** Somebody else has brought it back before it was looked at. */
const wasRight = ({ state, reverts, refusal, preview }: Change): boolean =>
  state === "closed" && reverts !== undefined && refusal === undefined && preview?.effects.length === 0;

function refuseEnded({ id, state, reason, refusal }: Change): void {
  if (refusal !== undefined) throw refusalOf(new FleetError(refusal.code, refusal.message), { change: id });
  if (state === "closed" || state === "stale")
    throw new Refusal("conflict", reason ?? "it was given up meanwhile", { change: id });
}

/** Tells the cloud's id of what a change makes: the journal knows before the engine has ended. */
function madeBy({ controller: { store, repo } }: DialectParts): (change: Change) => Promise<string | undefined> {
  // What stays the same from look to look is read once.
  let place: { identity: string; mark: string } | undefined;
  return async ({ preview, createdAt }) => {
    const created = preview?.effects.find(({ op }) => op === "create")?.object;
    if (created === undefined) return undefined;
    const { kind, name, account } = created;
    const [applied] = await store.objects({ kind, names: [name] });
    if (applied?.cloudId !== undefined || kind !== "Server") return applied?.cloudId;
    if (place === undefined) {
      const identity = (await store.accounts()).find((one) => one.name === account)?.identity;
      // An account that has run nothing so far has made nothing.
      if (identity === undefined) return undefined;
      // New servers are of the first generation; one of an earlier server of that name is older than the change.
      place = { identity, mark: ownerMark(await fleetIdOf({ store, repo }), kind, name, 0) };
    }
    const entry = await store.intent(place.identity, place.mark);
    return entry !== undefined && entry.startedAt >= createdAt ? entry.id : undefined;
  };
}
