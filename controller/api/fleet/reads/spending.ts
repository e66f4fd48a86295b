import { concerns, type Principal } from "../../../people/principal.ts";
import { spendingTallies } from "../../../reconcile/spending.ts";
import { type Spending, spendingNow } from "../../../reconcile/spending-judge.ts";
import type { FleetApi } from "../api.ts";
import { type Route, route } from "../route.ts";
import { flag, listOf, record, text, whole } from "../shapes.ts";
import type { FleetView } from "../view.ts";

const SPENDING = record({
  account: text,
  currency: text,
  limitMicro: { ...whole, description: "What it may cost a month, in whole micro-units." },
  cap: { ...flag, description: "What would bring it above is refused." },
  committedMicro: {
    ...whole,
    description: "What its machines cost a month, those that were approved and are not made yet among them.",
  },
  "spentMicro?": {
    ...whole,
    description: "What the month has cost so far; absent where no pass has read the account.",
  },
  "projectedMicro?": { ...whole, description: "What it comes to by its end when the machines go on as they are." },
  month: { ...text, description: "`2026-11`, in UTC." },
  "from?": {
    type: "string",
    format: "date",
    description: "The first of its days that was read: before, nothing counts.",
  },
  uncounted: {
    ...whole,
    description: "Machines without a price, or with one in another currency: they are in no sum.",
  },
});

/** What accounts with a limit cost, and may. */
export const spendingRoutes: readonly Route[] = [
  route({
    id: "getSpending",
    method: "get",
    path: "/fleet/v1/spending",
    tag: "costs",
    role: "viewer",
    summary: "Get what accounts may cost, and do",
    description:
      "Of the accounts that have a limit for the month, by their `spending` or the fleet's `policies.spending`. What an account costs altogether is told to those who are about all owners.",
    answers: { 200: { description: "By account.", schema: record({ accounts: listOf(SPENDING) }) } },
    run: async (api, { principal }) => ({
      body: { accounts: await spendingFor(api, await api.view(), principal) },
    }),
  }),
];

/** Of the accounts that somebody may see, in the order of their names. */
export async function spendingFor(
  { controller }: Pick<FleetApi, "controller">,
  { desired }: Pick<FleetView, "desired">,
  principal: Principal,
): Promise<Spending[]> {
  const tallies = await spendingTallies(controller, desired);
  return [...tallies.values()]
    .map(spendingNow)
    .filter(({ account }) => concerns(principal, { account }))
    .sort((a, b) => (a.account < b.account ? -1 : 1));
}
