import type { Principal } from "../../../people/principal.ts";
import type { RunRecord, StoredEvent } from "../../../store/types.ts";
import type { FleetApi } from "../api.ts";
import { PAGE_PARAMETERS, type PageQuery, type Place, pageOf, visiblePage } from "../page.ts";
import { missing } from "../problems.ts";
import { type Route, route } from "../route.ts";
import { filter, nameIn, record, ref, text } from "../shapes.ts";
import { streamRun } from "../stream.ts";
import type { FleetView } from "../view.ts";

const RUN_ID = nameIn("id", "The run's id.");

/** Runs of the engine, with what they did. */
export const runRoutes: readonly Route[] = [
  route<PageQuery & { stack?: string }>({
    id: "listRuns",
    method: "get",
    path: "/fleet/v1/runs",
    tag: "runs",
    role: "viewer",
    summary: "List runs of the engine",
    description:
      "The newest first. Whoever is about some owners only is told those of theirs, and of them what concerns them. A page may then have fewer items than `limit` and a `next`.",
    parameters: [...PAGE_PARAMETERS, filter("stack", "Only on this stack.")],
    answers: { 200: { description: "A page of runs.", schema: pageOf(ref("Run")) } },
    run: async (api, { principal, parameters }) => {
      const view = await api.view();
      const stack = parameters.stack === undefined ? {} : { stack: parameters.stack };
      const read = (limit: number, before: Place | undefined) =>
        api.controller.store.runs(limit, {
          ...stack,
          ...(before && { before: { startedAt: before.at, id: before.id } }),
        });
      const show = (run: RunRecord) => runFor(view, principal, run);
      return { body: await visiblePage(parameters, "runs", read, ({ startedAt }) => startedAt, show) };
    },
  }),
  route<{ id: string }>({
    id: "getRun",
    method: "get",
    path: "/fleet/v1/runs/{id}",
    tag: "runs",
    role: "viewer",
    summary: "Get one run",
    parameters: [RUN_ID],
    answers: { 200: { description: "The run.", schema: ref("Run") } },
    run: async (api, { principal, parameters }) => ({ body: (await findRun(api, principal, parameters.id)).shown }),
  }),
  route<{ id: string; "Last-Event-ID"?: string }>({
    id: "followRun",
    method: "get",
    path: "/fleet/v1/runs/{id}/events",
    tag: "runs",
    role: "viewer",
    summary: "Follow a run",
    description:
      "Server-sent events: each is named by its `kind`, its id is its number and its data the event as JSON. When the run has ended, the last one is `end`, with the run's outcome. Comments are signs of life. Whoever goes on with `Last-Event-ID` misses none and hears none twice; 204 when there is nothing more to come.",
    parameters: [
      RUN_ID,
      {
        name: "Last-Event-ID",
        in: "header",
        description: "Id of the last event that the caller has.",
        schema: { type: "string", pattern: "^[0-9]{1,15}$" },
      },
    ],
    answers: {
      200: {
        description: "The events so far, and those to come.",
        type: "text/event-stream",
        // Of each event, as readers of descriptions take it.
        schema: record({ event: text, data: { ...text, description: "JSON." }, "id?": text }),
      },
      204: { description: "The run has ended, and the caller has all of its events." },
    },
    run: async (api, { principal, parameters, context }) => {
      const { run, view } = await findRun(api, principal, parameters.id);
      const tells = (event: StoredEvent) => tellsOf(view, principal, event);
      return await streamRun(api, context, run, Number(parameters["Last-Event-ID"] ?? 0), tells);
    },
  }),
];

async function findRun(api: FleetApi, principal: Principal, id: string) {
  const view = await api.view();
  const run = await api.controller.store.run(id);
  const shown = run && runFor(view, principal, run);
  if (run === undefined || shown === undefined) return missing("such run; old ones are removed");
  return { run, shown, view };
}

/** A run as somebody may see it; undefined where nothing of it concerns them. */
export function runFor(view: FleetView, principal: Principal, run: RunRecord) {
  const { id, stack, kind, commit, startedAt, finishedAt, outcome } = run;
  if (!view.isAccountWithin(principal, stack.slice(0, stack.lastIndexOf(".")))) return undefined;
  const objects =
    principal.owners === undefined ? run.objects : run.objects.filter(({ key }) => view.isKeyWithin(principal, key));
  if (objects.length === 0 && principal.owners !== undefined) return undefined;
  return {
    id,
    stack,
    kind,
    commit,
    startedAt,
    ...(finishedAt !== undefined && { finishedAt }),
    ...(outcome !== undefined && { outcome }),
    objects: objects.map(({ key, op, effectHash, mark }) => ({ key, op, effectHash, mark })),
  };
}

/** Messages that name no object may be about anybody's. */
export function tellsOf(view: FleetView, principal: Principal, { object }: StoredEvent): boolean {
  if (principal.owners === undefined) return true;
  return object !== undefined && view.isKeyWithin(principal, object);
}
