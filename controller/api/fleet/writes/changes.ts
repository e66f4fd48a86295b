import { KIND_NAMES, type Kind } from "../../../../schemas/index.ts";
import { told } from "../../../changes/changes.ts";
import { concernsChange } from "../../../changes/files.ts";
import { mayTake } from "../../../changes/own.ts";
import { isBusy } from "../../../changes/transitions.ts";
import type { Change, ChangeState } from "../../../changes/types.ts";
import { CHANGE_STATES } from "../../../changes/types.ts";
import { editsOf, type Wish } from "../../../changes/wishes.ts";
import type { Principal } from "../../../people/principal.ts";
import type { Overrides } from "../../../reconcile/guards.ts";
import type { FleetApi } from "../api.ts";
import { PAGE_PARAMETERS, type PageQuery, type Place, pageOf, visiblePage } from "../page.ts";
import { ApiError, missing } from "../problems.ts";
import { type Answer, type Call, type Described, type Mutation, type Route, route } from "../route.ts";
import { filter, listOf, NAME, nameIn, oneOf, record, ref, text } from "../shapes.ts";
import { checkWish } from "./wishes.ts";

const ID = nameIn("id", "The change's id.");
const LONGEST_TITLE = 200;

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

/** Opens a change of wishes, or only tells what it would do. */
export async function openChange(
  api: FleetApi,
  { principal, mutation, signal }: Pick<Call<unknown>, "principal" | "mutation" | "signal">,
  { title, wishes, executes, draft = false }: Wishes,
): Promise<Answer> {
  const view = await api.view();
  for (const wish of wishes) checkWish(view, principal, wish);
  const edits = editsOf(wishes, view.desired);
  const { changes } = api.service;
  if (mutation!.dryRun) {
    const {
      files: _,
      objects: __,
      base: ___,
      ...preview
    } = await changes.rehearse({ title, edits, by: principal }, signal);
    return { body: preview };
  }
  const opened = await changes.open(
    { title, edits, surface: "api", by: principal, key: mutation!.key, executes, draft },
    signal,
  );
  return await begun(api, opened, mutation!, signal);
}

/** Waits as long as was asked for. */
async function begun(api: FleetApi, { id }: Change, { waitMs }: Mutation, signal: AbortSignal): Promise<Answer> {
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
    ...(preview !== undefined && { preview }),
    approvals,
    results,
    createdAt,
    updatedAt,
  };
}

/** @throws {ApiError} NOT_FOUND */
async function changeFor(api: FleetApi, principal: Principal, id: string): Promise<Change> {
  const stored = await api.controller.store.change(id);
  const change = stored && (await api.service.changes.get(id));
  if (change === undefined || !(await concernsChange(principal, api.controller.repo, change)))
    return missing(`change ${id}`);
  return change;
}

/** @throws {ApiError} FORBIDDEN */
function checkOwn(principal: Principal, change: Change): void {
  if (mayTake(principal, change)) return;
  throw new ApiError("FORBIDDEN", `this is for ${change.author.name}, who has opened it, and for the role operator`);
}

const overridesShape = record({
  "allowReplace?": { ...listOf(NAME), maxItems: 1000, description: "Servers that may be deleted and made anew." },
  "allowRemovals?": { type: "integer", minimum: 1, description: "So many removals at once are meant." },
  "allowEnded?": {
    ...listOf(NAME),
    maxItems: 1000,
    description: "Servers that may be made on something that has ended.",
  },
  "outsideWindow?": { type: "boolean", description: "Goes ahead outside maintenance windows and under a freeze." },
});

const HASHES = { ...listOf({ type: "string", pattern: "^[0-9a-f]{16,128}$" }), minItems: 1, maxItems: 20_000 };
const fieldsOf = { type: "object", maxProperties: 100 };
const kind = oneOf(...KIND_NAMES);

interface OpenBody {
  title: string;
  create?: ({ kind: Kind; name: string } & Record<string, unknown>)[];
  patch?: { kind: Kind; name: string; patch: Record<string, unknown>; ifBlob?: string }[];
  delete?: { kind: Kind; name: string; ifBlob?: string }[];
  executes?: boolean;
  draft?: boolean;
}

const openShape = record({
  title: { type: "string", minLength: 1, maxLength: LONGEST_TITLE, pattern: "^[^\\u0000-\\u001f]+$" },
  "create?": {
    type: "array",
    maxItems: 1000,
    description: "New objects, as their files would say them, with `kind` and `name`.",
    items: { type: "object", required: ["kind", "name"], properties: { kind, name: NAME }, maxProperties: 100 },
  },
  "patch?": {
    type: "array",
    maxItems: 1000,
    description: "Merge patches (RFC 7396). `ifBlob`: refused when the file is another by then.",
    items: record({ kind, name: NAME, patch: fieldsOf, "ifBlob?": text }),
  },
  "delete?": { type: "array", maxItems: 1000, items: record({ kind, name: NAME, "ifBlob?": text }) },
  "executes?": { type: "boolean", description: "Executed as soon as it is approved." },
  "draft?": { type: "boolean", description: "Kept, and not looked at until it is previewed." },
});

const wishesOf = ({ create = [], patch = [], delete: removed = [] }: OpenBody): Wish[] => [
  ...create.map(({ kind, name, ...fields }): Wish => ({ kind, name, create: fields })),
  ...patch,
  ...removed.map((one): Wish => ({ ...one, delete: true })),
];

/** Steps that whoever is allowed to may take with a change; taken again, they answer what is there. */
type Act = (api: FleetApi, change: Change, call: Call<{ id: string }, never>) => Promise<Change>;

const action = (
  about: {
    id: string;
    verb: string;
    role: "requester" | "approver";
    summary: string;
    description?: string;
    body?: object;
  },
  act: Act,
): Route =>
  route<{ id: string }, never>({
    id: about.id,
    method: "post",
    path: `/fleet/v1/changes/{id}/${about.verb}`,
    tag: "changes",
    role: about.role,
    summary: about.summary,
    ...(about.description && { description: about.description }),
    parameters: [ID],
    ...(about.body && { body: about.body as never }),
    answers: BEGUN,
    run: async (api, call) => {
      const change = await changeFor(api, call.principal, call.parameters.id);
      if (call.mutation!.dryRun) return { body: shown(change) };
      return await begun(api, await act(api, change, call), call.mutation!, call.signal);
    },
  });

export const changeRoutes: readonly Route[] = [
  route<PageQuery & { state?: ChangeState[]; object?: string }>({
    id: "listChanges",
    method: "get",
    path: "/fleet/v1/changes",
    tag: "changes",
    role: "viewer",
    summary: "List changes",
    description: "The newest first. A page may have fewer items than `limit` and a `next`.",
    parameters: [
      ...PAGE_PARAMETERS,
      filter("state", "Only in this state; may be given several times.", {
        type: "array",
        maxItems: 10,
        items: oneOf(...CHANGE_STATES),
      }),
      filter("object", "Only those that change this: `Server//web-1`, `Firewall/linode-main/web`."),
    ],
    answers: { 200: { description: "A page of changes.", schema: pageOf(ref("Change")) } },
    run: async (api, { principal, parameters }) => {
      const { state, object } = parameters;
      const filters = { ...(state && { states: state }), ...(object !== undefined && { object }) };
      const read = (limit: number, before: Place | undefined) =>
        api.service.changes.list(
          { ...filters, ...(before && { before: { createdAt: before.at, id: before.id } }) },
          limit,
        );
      const show = async (change: Change) =>
        (await concernsChange(principal, api.controller.repo, change)) ? shown(change) : undefined;
      return { body: await visiblePage(parameters, "changes", read, ({ createdAt }) => createdAt, show) };
    },
  }),
  route<unknown, OpenBody>({
    id: "openChange",
    method: "post",
    path: "/fleet/v1/changes",
    tag: "changes",
    role: "requester",
    summary: "Open a change",
    description: "Of any number of objects, all or none. It is previewed at once; `Prefer: wait` waits for that.",
    body: openShape,
    answers: BEGUN,
    run: async (api, call) => {
      const { title, executes = false, draft = false } = call.body;
      return await openChange(api, call, { title, wishes: wishesOf(call.body), executes, draft });
    },
  }),
  route<{ id: string }>({
    id: "getChange",
    method: "get",
    path: "/fleet/v1/changes/{id}",
    tag: "changes",
    role: "viewer",
    summary: "Get one change",
    description: "With the steps that it took and the runs that carried it.",
    parameters: [ID],
    answers: { 200: { description: "The change.", schema: ref("Change") } },
    run: async (api, { principal, parameters }) => {
      const change = await changeFor(api, principal, parameters.id);
      const { changes } = api.service;
      const steps = (await changes.steps(change.id)).map(({ change: _, ...one }) => one);
      const runs = (await changes.runs(change)).map(({ id }) => id);
      return { body: { ...shown(change), steps, runs } };
    },
  }),
  action(
    { id: "previewChange", verb: "preview", role: "requester", summary: "Look at a change anew" },
    async (api, change, { principal }) => await api.service.changes.preview(change.id, principal),
  ),
  action(
    {
      id: "approveChange",
      verb: "approve",
      role: "approver",
      summary: "Approve what was shown",
      description: "The hash of the preview approves all of it, hashes of effects these.",
      body: record({ hashes: HASHES, "overrides?": overridesShape }),
    },
    async (api, change, { principal, body, signal }) => {
      const { hashes, overrides } = body as { hashes: string[]; overrides?: Partial<Overrides> };
      const who = told(principal);
      const isGiven = change.approvals.some(
        ({ by, hashes: given }) =>
          by === who && hashes.every((hash) => given.includes(hash) || hash === change.preview?.hash),
      );
      if (isGiven && ["approved", "executing", "converged", "failed"].includes(change.state)) return change;
      const lifted = overrides && { allowReplace: [], ...overrides };
      return await api.service.changes.approve(
        change.id,
        { hashes, by: principal, ...(lifted && { overrides: lifted }) },
        signal,
      );
    },
  ),
  action(
    {
      id: "executeChange",
      verb: "execute",
      role: "requester",
      summary: "Execute an approved change",
      description: "For whoever has opened it, and operators.",
    },
    async (api, change, { principal, signal }) => {
      checkOwn(principal, change);
      if (["executing", "converged"].includes(change.state)) return change;
      return await api.service.changes.execute(change.id, principal, signal);
    },
  ),
  action(
    {
      id: "closeChange",
      verb: "close",
      role: "requester",
      summary: "Give a change up",
      description: "For whoever has opened it, and operators; before it is on the main line.",
      body: record({ "reason?": { type: "string", maxLength: 1000 } }),
    },
    async (api, change, { principal, body }) => {
      checkOwn(principal, change);
      if (change.state === "closed") return change;
      return await api.service.changes.close(change.id, principal, (body as { reason?: string }).reason);
    },
  ),
];
