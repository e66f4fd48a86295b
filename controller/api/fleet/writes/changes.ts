import { told } from "../../../changes/changes.ts";
import { concernsChange } from "../../../changes/files.ts";
import { CHANGE_STATES, type Change, type ChangeState } from "../../../changes/types.ts";
import type { Overrides } from "../../../reconcile/guards.ts";
import type { FleetApi } from "../api.ts";
import { PAGE_PARAMETERS, type PageQuery, type Place, pageOf, visiblePage } from "../page.ts";
import { type Call, type Route, route } from "../route.ts";
import { filter, nameIn, oneOf, record, ref } from "../shapes.ts";
import { HASHES, type OpenBody, openShape, overridesShape, wishesOf } from "./change-shapes.ts";
import { BEGUN, begun, changeFor, checkOwn, openChange, shown } from "./open-change.ts";

const ID = nameIn("id", "The change's id.");

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
