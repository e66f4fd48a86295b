import type { Opening } from "../../../changes/drift.ts";
import { concernsChange } from "../../../changes/files.ts";
import { mayTake } from "../../../changes/own.ts";
import { isBusy } from "../../../changes/transitions.ts";
import type { Change } from "../../../changes/types.ts";
import { editsOf, type Wish } from "../../../changes/wishes.ts";
import type { Principal } from "../../../people/principal.ts";
import type { FleetApi } from "../api.ts";
import { ApiError, missing } from "../problems.ts";
import type { Answer, Call, Described, Mutation } from "../route.ts";
import { ref } from "../shapes.ts";
import { checkWish } from "./wishes.ts";

/** What a route that begins something answers. */
export const BEGUN: Readonly<Record<number, Described>> = {
  200: {
    description: "With `dryRun`: what it would do. Otherwise the change, of which nothing is under way.",
    schema: { oneOf: [ref("Change"), ref("ChangePreview")] },
  },
  202: {
    description: "The change, which goes on.",
    schema: ref("Change"),
    headers: { Location: "Where to follow it." },
  },
};

export interface Wishes {
  title: string;
  wishes: readonly Wish[];
  executes: boolean;
  draft?: boolean;
}

type Asking = Pick<Call<unknown>, "principal" | "mutation" | "signal">;

/** Opens a change of wishes, or only tells what it would do. */
export async function openChange(
  api: FleetApi,
  call: Asking,
  { title, wishes, executes, draft = false }: Wishes,
): Promise<Answer> {
  const view = await api.view();
  for (const wish of wishes) checkWish(view, call.principal, wish);
  const edits = editsOf(wishes, view.desired);
  return await openOf(api, call, { title, edits }, { executes, draft });
}

/** The same of what is known to be allowed. */
export async function openOf(
  api: FleetApi,
  { principal, mutation, signal }: Asking,
  opening: Opening,
  { executes, draft = false }: { executes: boolean; draft?: boolean },
): Promise<Answer> {
  const { changes } = api.service;
  if (mutation!.dryRun) {
    const rehearsed = await changes.rehearse({ ...opening, by: principal }, signal);
    const { files: _, objects: __, base: ___, ...preview } = rehearsed;
    return { body: preview };
  }
  const opened = await changes.open(
    { ...opening, surface: "api", by: principal, key: mutation!.key, executes, draft },
    signal,
  );
  return await begun(api, opened, mutation!, signal);
}

/** Waits as long as was asked for. */
export async function begun(api: FleetApi, { id }: Change, { waitMs }: Mutation, signal: AbortSignal): Promise<Answer> {
  const change = await api.service.changes.settled(id, waitMs, signal);
  const headers: Record<string, string> = waitMs > 0 ? { "preference-applied": `wait=${waitMs / 1000}` } : {};
  const body = shown(change);
  return isBusy(change)
    ? { status: 202, body, headers: { ...headers, location: `/fleet/v1/changes/${id}` } }
    : { body, headers };
}

export function shown({
  id,
  title,
  state,
  reason,
  author,
  surface,
  executes,
  files,
  objects,
  base,
  head,
  merged,
  preview,
  reverts,
  call,
  refusal,
  ...rest
}: Change) {
  const { approvals, results, createdAt, updatedAt } = rest;
  return {
    id,
    title,
    state,
    ...(reason !== undefined && { reason }),
    author,
    surface,
    executes,
    files,
    objects,
    base,
    head,
    ...(merged !== undefined && { merged }),
    ...(call !== undefined && { call }),
    ...(refusal !== undefined && { refusal }),
    ...(reverts !== undefined && { reverts: [...reverts] }),
    ...(preview !== undefined && { preview }),
    approvals,
    results,
    createdAt,
    updatedAt,
  };
}

/** @throws {ApiError} NOT_FOUND */
export async function changeFor(api: FleetApi, principal: Principal, id: string): Promise<Change> {
  const stored = await api.controller.store.change(id);
  const change = stored && (await api.service.changes.get(id));
  if (change === undefined || !(await concernsChange(principal, api.controller.repo, change)))
    return missing(`change ${id}`);
  return change;
}

/** @throws {ApiError} FORBIDDEN */
export function checkOwn(principal: Principal, change: Change): void {
  if (mayTake(principal, change)) return;
  throw new ApiError("FORBIDDEN", `this is for ${change.author.name}, who has opened it, and for the role operator`);
}
