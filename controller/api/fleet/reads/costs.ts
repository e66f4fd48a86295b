import { sum } from "../../../reconcile/cost.ts";
import { type Route, route } from "../route.ts";
import { filter, listOf, oneOf, record, ref, text, whole } from "../shapes.ts";
import type { FleetObject } from "../view.ts";

const SUMS = {
  servers: whole,
  unpriced: { ...whole, description: "Servers whose cloud tells no price: they are in no sum." },
  cost: { ...listOf(ref("Cost")), description: "What the providers ask, one sum a currency." },
  price: { ...listOf(ref("Cost")), description: "What customers pay, one sum a currency." },
};

/** What the servers of the files cost now. */
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
];

function sums(servers: readonly FleetObject[]) {
  return {
    servers: servers.length,
    unpriced: servers.filter(({ cost }) => cost === undefined).length,
    cost: sum(servers.map(({ cost }) => cost)),
    price: sum(servers.map(({ price }) => price)),
  };
}
