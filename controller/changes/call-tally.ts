import type { ServerSpec } from "../../resources/spec.ts";
import type { Controller } from "../reconcile/context.ts";
import { costOf, sum } from "../reconcile/cost.ts";
import type { Desired } from "../reconcile/desired.ts";
import type { DialectCall } from "./call.ts";
import type { CallTally } from "./call-policy.ts";
import { changesIn } from "./steps.ts";
import type { Change, ChangeState } from "./types.ts";

const HOUR_MS = 3600 * 1000;
/** Has let pass. */
const PASSED: readonly ChangeState[] = ["approved", "executing", "failed", "converged"];
/** May still bring a server to the main line. */
const COMING: readonly ChangeState[] = ["approved", "executing", "failed"];

const NOTHING: CallTally = { servers: 0, cost: [], unpriced: false, deletions: 0 };

/** What the owner of a call has without it, on this commit and by calls that were approved before it; for a launch, what was launched. */
export async function tallyOf(
  controller: Controller,
  desired: Pick<Desired, "objects" | "catalogs">,
  { id, call }: Pick<Change, "id"> & { call: DialectCall },
): Promise<CallTally> {
  if (call.op === "launch") return { ...NOTHING, servers: await launchedOf(controller, desired, { id, call }) };
  const own = new Set(call.objects.filter(({ kind }) => kind === "Server").map(({ name }) => name));
  const isOwner = (owner: string | undefined) => owner === call.owner;
  const there = desired.objects.flatMap(({ spec }) => (spec.kind === "Server" && isOwner(spec.owner) ? [spec] : []));
  const names = new Set([...there.map(({ name }) => name), ...(call.op === "delete" ? [] : own)]);
  const before = call.op === "delete" ? there : there.filter(({ name }) => !own.has(name));
  const coming = (await changesIn(controller, COMING))
    .filter((change) => change.id !== id && change.call !== undefined && isOwner(change.call.owner))
    .flatMap(({ preview }) => preview?.effects ?? [])
    .filter(({ op, object }) => op === "create" && object.kind === "Server" && !names.has(object.name));
  const costs = [...before.map((spec: ServerSpec) => costOf(spec, desired)), ...coming.map(({ cost }) => cost?.after)];
  return {
    servers: before.length + coming.length,
    cost: sum(costs),
    unpriced: costs.includes(undefined),
    deletions: call.op === "delete" ? await deletionsOf(controller, id, call) : 0,
  };
}

async function deletionsOf({ store, now }: Controller, id: string, call: DialectCall): Promise<number> {
  const since = new Date(now() - HOUR_MS).toISOString();
  const recent = await store.changes({ states: PASSED, since }, Number.MAX_SAFE_INTEGER);
  return recent.filter((change) => {
    const other = (change.document as Pick<Change, "call">).call;
    return change.id !== id && other?.op === "delete" && other.dialect === call.dialect && other.owner === call.owner;
  }).length;
}

/**
 * Servers that launches have made and that the files still have, under whatever name. What a file says of its owner counts for nothing: anybody may
 * write it, and only a launch leaves a change that is one.
 */
async function launchedOf(
  { store }: Controller,
  { objects }: Pick<Desired, "objects">,
  { id, call }: Pick<Change, "id"> & { call: DialectCall },
): Promise<number> {
  const there = new Set(objects.flatMap(({ spec }) => (spec.kind === "Server" ? [spec.name, ...spec.formerly] : [])));
  const launches = await store.changes({ states: PASSED, op: "launch" }, Number.MAX_SAFE_INTEGER);
  const launched = launches.flatMap((one) => {
    const { call: other, merged } = one.document as Pick<Change, "call" | "merged">;
    if (one.id === id || other?.dialect !== call.dialect) return [];
    const names = other.objects.filter(({ kind }) => kind === "Server").map(({ name }) => name);
    return names.filter((name) => there.has(name) || merged === undefined);
  });
  return new Set(launched).size;
}
