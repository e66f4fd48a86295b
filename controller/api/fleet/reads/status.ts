import { openWork, recordedServer, recordedStacks, type StatusRun, statusRun } from "../../../jobs/status.ts";
import { isAboutAll, type Principal } from "../../../people/principal.ts";
import { beingMadeOf } from "../../../reconcile/being-made.ts";
import type { AppliedObject } from "../../../store/types.ts";
import type { FleetApi } from "../api.ts";
import { PAGE_PARAMETERS, type PageQuery, pageFrom } from "../page.ts";
import { type Route, route } from "../route.ts";
import { flag, instant, listOf, record, text, whole } from "../shapes.ts";
import { compareKeys, type FleetView } from "../view.ts";
import { runFor } from "./runs.ts";

const RUNS = 5;
/** Runs that are read to find some of which one may be told. */
const MOST_READ = 100;

const LANE = record({
  lane: text,
  state: text,
  commit: text,
  at: instant,
  "reason?": text,
  "until?": instant,
  "waiting?": listOf(text),
});

const STATUS = record(
  {
    commit: { ...text, description: "Of the main line, as it is served." },
    items: listOf(
      record({ name: text, account: text, "id?": text, stack: text, power: text, suspect: flag }, "A recorded server."),
    ),
    "next?": { ...text, description: "Cursor of the page behind this one." },
    stacks: listOf(record({ stack: text, objects: whole, suspects: whole, "holder?": text })),
    "beingMade?": listOf(
      record(
        { name: text, account: text, "id?": text, since: instant, deadline: instant, "overdue?": { const: true } },
        "Ordered, and not ready as of the last run or pass.",
      ),
    ),
    "openApprovals?": whole,
    "openIntents?": { ...whole, description: "Creates that were sent and have no answer on record." },
    "reshards?": listOf(
      record({ account: text, cells: whole, stack: text, servers: whole, proposed: whole, command: text }),
    ),
    "openReshards?": listOf(record({ account: text, cells: whole, since: instant })),
    "waiting?": listOf(LANE),
    "deadLetters?": listOf(record({ queue: text, lane: text, at: instant, reason: text })),
    runs: listOf(record({ stack: text, kind: text, startedAt: instant, "finishedAt?": instant, "outcome?": text })),
  },
  "What is about all of the fleet (approvals, creates, lanes) is for those who are.",
);

/** What is recorded, what waits and what runs: no cloud is asked. */
export const statusRoutes: readonly Route[] = [
  route<PageQuery>({
    id: "getStatus",
    method: "get",
    path: "/fleet/v1/status",
    tag: "service",
    role: "viewer",
    summary: "Get what is recorded, what waits and what runs",
    description: "`items` are recorded servers, page by page; the rest is the same on each page.",
    parameters: PAGE_PARAMETERS,
    answers: { 200: { description: "As it is now.", schema: STATUS } },
    run: async (api, { principal, parameters }) => {
      const { controller } = api;
      const view = await api.view();
      const all = [...(await api.hashes())].map(([key, row]) => {
        const [kind = "", account = "", ...rest] = key.split("/");
        return { ...row, kind: kind as AppliedObject["kind"], account, name: rest.join("/") };
      });
      const key = ({ account, kind, name }: (typeof all)[number]) => [account, `${kind}/${name}`] as const;
      const own = all.filter((one) => isToldOf(view, principal, one)).sort((a, b) => compareKeys(key(a), key(b)));
      const servers = own.filter(({ kind }) => kind === "Server");
      const page = pageFrom(servers, parameters, "status", ({ account, name }) => [account, name], compareKeys);
      const stacks = await recordedStacks(controller, own);
      const made = await beingMadeFor(api, view, principal);
      return {
        body: {
          commit: view.desired.commit,
          items: await serversOn(api, page.items),
          ...(page.next !== undefined && { next: page.next }),
          stacks: isAboutAll(principal) ? stacks : stacks.map(({ holder: _, ...stack }) => stack),
          ...(made.length > 0 && { beingMade: made }),
          ...(isAboutAll(principal) && (await openWork(controller, all))),
          runs: await runsFor(api, view, principal),
        },
      };
    },
  }),
];

function isToldOf(
  view: FleetView,
  principal: Principal,
  { kind, account, name }: Pick<AppliedObject, "kind" | "account" | "name">,
): boolean {
  const spec = view.desired.byIdentity.get(account)?.spec;
  return view.isKeyWithin(
    principal,
    kind === "Server" ? `Server//${name}` : `${kind}/${spec?.name ?? account}/${name}`,
  );
}

/** The documents of one page alone are read. */
async function serversOn({ controller: { store } }: FleetApi, page: readonly { account: string; name: string }[]) {
  const rows = await store.objects({ kind: "Server", names: page.map(({ name }) => name) });
  const byKey = new Map(rows.map((row) => [`${row.account} ${row.name}`, row]));
  return page.flatMap(({ account, name }) => {
    const row = byKey.get(`${account} ${name}`);
    return row === undefined ? [] : [recordedServer(row)];
  });
}

async function beingMadeFor({ controller }: FleetApi, view: FleetView, principal: Principal) {
  const rows = await controller.store.objects({ kind: "Server", provisioning: true });
  return rows.flatMap((row) => {
    const account = view.desired.byIdentity.get(row.account);
    const { name, provisioningSince, cloudId: id } = row;
    if (account === undefined || provisioningSince === undefined || !isToldOf(view, principal, row)) return [];
    return [beingMadeOf(controller, account, { name, provisioningSince, id })];
  });
}

async function runsFor(
  { controller: { store } }: FleetApi,
  view: FleetView,
  principal: Principal,
): Promise<StatusRun[]> {
  const rows = await store.runs(isAboutAll(principal) ? RUNS : MOST_READ);
  return rows
    .filter((run) => runFor(view, principal, run) !== undefined)
    .slice(0, RUNS)
    .map(statusRun);
}
