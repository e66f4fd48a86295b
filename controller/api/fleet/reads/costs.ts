import { dayOf } from "../../../catalog/ended.ts";
import { concerns, isAboutAll, type Principal } from "../../../people/principal.ts";
import { sum } from "../../../reconcile/cost.ts";
import {
  type CostHistory,
  costHistory,
  daysBefore,
  daysBetween,
  STANDS_DAYS,
} from "../../../reconcile/cost-history.ts";
import type { DayCost } from "../../../store/types.ts";
import type { FleetApi } from "../api.ts";
import { type Route, route } from "../route.ts";
import { filter, listOf, oneOf, record, ref, text, whole } from "../shapes.ts";
import type { FleetObject, FleetView } from "../view.ts";

const SUMS = {
  servers: whole,
  unpriced: { ...whole, description: "Servers whose cloud tells no price: they are in no sum." },
  cost: { ...listOf(ref("Cost")), description: "What the providers ask, one sum a currency." },
  price: { ...listOf(ref("Cost")), description: "What customers pay, one sum a currency." },
};

/** What history is grouped by. */
export type HistoryBy = "account" | "owner" | "class";
export const LONGEST_DAYS = 730;

const POINTS = listOf(
  record({ day: { type: "string", format: "date" }, servers: whole, monthlyMicro: whole }, "One a day."),
);

/** What the servers of the files cost now, and what the machines of the accounts have cost. */
export const costRoutes: readonly Route[] = [
  route<{ by: "account" | "owner" | "plan" | "provider" | "region" }>({
    id: "getCosts",
    method: "get",
    path: "/fleet/v1/costs",
    tag: "costs",
    role: "viewer",
    summary: "Get what the fleet costs",
    description:
      "Of the servers that the files have, at the prices of the last compile. Prices in several currencies are never added up.",
    parameters: [
      filter("by", "What sums are grouped by.", {
        ...oneOf("account", "owner", "plan", "provider", "region"),
        default: "account",
      }),
    ],
    answers: {
      200: {
        description: "All together, and by group.",
        schema: record({
          commit: text,
          total: record(SUMS),
          groups: listOf(record({ "key?": { ...text, description: "Absent for servers that have none." }, ...SUMS })),
        }),
      },
    },
    run: async (api, { principal, parameters: { by } }) => {
      const view = await api.view();
      const servers = [...view.objects("Server")].filter((server) => view.isWithin(principal, server));
      const groups = [...Map.groupBy(servers, ({ spec }) => spec?.[by])]
        .sort(([a = ""], [b = ""]) => (a < b ? -1 : 1))
        .map(([key, members]) => ({ ...(key !== undefined && { key }), ...sums(members) }));
      return { body: { commit: view.desired.commit, total: sums(servers), groups } };
    },
  }),
  route<{ by: HistoryBy; days: number; account?: string }>({
    id: "getCostHistory",
    method: "get",
    path: "/fleet/v1/costs/history",
    tag: "costs",
    role: "viewer",
    summary: "Get what the accounts have cost",
    description:
      "What all machines of the accounts cost a month, day by day, as the last pass of each day has seen them, those that no file names among them. On a day without a pass an account has what the one before had, for a month. Kept for two years.",
    parameters: [
      filter("by", "What is told apart.", { ...oneOf("account", "owner", "class"), default: "account" }),
      filter("days", "How many days, today the last.", {
        type: "integer",
        minimum: 1,
        maximum: LONGEST_DAYS,
        default: 90,
      }),
      filter("account", "Only of this account."),
    ],
    answers: {
      200: {
        description: "One history a currency; none before the first pass.",
        schema: record({
          from: text,
          to: text,
          unpriced: { ...whole, description: "Machines of the last day whose price is not known: they are in no sum." },
          currencies: listOf(
            record({
              currency: text,
              total: POINTS,
              groups: listOf(
                record({ "key?": { ...text, description: "Absent for machines of no owner." }, points: POINTS }),
              ),
            }),
          ),
        }),
      },
    },
    run: async (api, { principal, parameters }) => ({
      body: await costHistoryFor(api, await api.view(), principal, parameters),
    }),
  }),
];

export interface CostHistories {
  from: string;
  to: string;
  unpriced: number;
  currencies: CostHistory[];
}

/** What the machines that somebody may see have cost, day by day until today. */
export async function costHistoryFor(
  { controller: { store, now } }: Pick<FleetApi, "controller">,
  view: FleetView,
  principal: Principal,
  { by, days, account }: { by: HistoryBy; days: number; account?: string },
): Promise<CostHistories> {
  const to = dayOf(now());
  const from = daysBefore(to, days - 1);
  const rows = (await store.costDays(daysBefore(from, STANDS_DAYS))).flatMap((row): DayCost[] => {
    const known = view.desired.byIdentity.get(row.account);
    const name = known?.spec.name ?? row.account;
    if (account !== undefined && name !== account) return [];
    if (known === undefined && !isAboutAll(principal)) return [];
    if (!concerns(principal, { account: name, ...(row.owner !== undefined && { owner: row.owner }) })) return [];
    return [{ ...row, account: name }];
  });
  const kept = new Set([...view.desired.byIdentity.values()].map(({ spec }) => spec.name));
  const currencies = costHistory(
    rows,
    daysBetween(from, to),
    (row) => row[by],
    (name) => kept.has(name),
  );
  return { from, to, unpriced: unpricedNow(rows, kept), currencies };
}

function unpricedNow(rows: readonly DayCost[], kept: ReadonlySet<string>): number {
  const last = new Map(rows.map(({ account, day }) => [account, day]));
  return rows
    .filter((row) => row.currency === undefined && kept.has(row.account) && last.get(row.account) === row.day)
    .reduce((sum, { servers }) => sum + servers, 0);
}

function sums(servers: readonly FleetObject[]) {
  return {
    servers: servers.length,
    unpriced: servers.filter(({ cost }) => cost === undefined).length,
    cost: sum(servers.map(({ cost }) => cost)),
    price: sum(servers.map(({ price }) => price)),
  };
}
