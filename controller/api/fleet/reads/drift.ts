import type { Principal } from "../../../people/principal.ts";
import { causesOf } from "../../../reconcile/causes.ts";
import { objectKey } from "../../../reconcile/types.ts";
import type { FleetApi } from "../api.ts";
import { PAGE_PARAMETERS, type PageQuery, pageFrom, pageOf } from "../page.ts";
import { type Route, route } from "../route.ts";
import { filter, instant, listOf, record, ref } from "../shapes.ts";
import { compareKeys, type FleetView } from "../view.ts";
import { accountsFor, driftOf } from "./state.ts";

/** What differs from what was applied, as the last passes have found it: no cloud is asked. */
export const driftRoutes: readonly Route[] = [
  route<PageQuery & { account?: string; name?: string }>({
    id: "listDrift",
    method: "get",
    path: "/fleet/v1/drift",
    tag: "drift",
    role: "viewer",
    summary: "List drift",
    description:
      "Field by field, as the last pass over each account has found it; `causes` has one row for each thing that has happened, those that touch most first, and `passes` when each account was read last.",
    parameters: [
      ...PAGE_PARAMETERS,
      filter("account", "Only of this account."),
      filter("name", "Only of this object."),
    ],
    answers: {
      200: {
        description: "A page of drift, and the causes of all of it.",
        schema: pageOf(ref("Drift"), {
          causes: listOf(ref("Cause")),
          passes: listOf(record({ account: { type: "string" }, "readAt?": instant })),
        }),
      },
    },
    run: async (api, { principal, parameters }) => {
      const view = await api.view();
      const found = await driftFor(api, view, principal, parameters);
      const items = found.flatMap((account) => account.items).sort((a, b) => a.id - b.id);
      const page = pageFrom(items, parameters, "drift", ({ id }) => [id, ""], compareKeys);
      const causes = found.flatMap((account) => account.causes).sort((a, b) => b.names.length - a.names.length);
      const passes = found.map(({ account, readAt }) => ({ account, ...(readAt !== undefined && { readAt }) }));
      return { body: { ...page, causes, passes } };
    },
  }),
];

/** Open drift of each account that somebody may see, of the objects that are theirs to see, and when a pass has read the account last. */
export async function driftFor(
  { controller: { store } }: Pick<FleetApi, "controller">,
  view: FleetView,
  principal: Principal,
  wanted: { account?: string; name?: string } = {},
) {
  const passes = await store.passes();
  const accounts = accountsFor(view, principal).filter(({ spec }) => (wanted.account ?? spec.name) === spec.name);
  return await Promise.all(
    accounts.map(async ({ identity, spec }) => {
      const open = (await store.drift(identity, "open")).filter(
        ({ kind, name }) =>
          (wanted.name ?? name) === name && view.isKeyWithin(principal, objectKey({ kind, account: spec.name, name })),
      );
      const items = open.map((one) => driftOf(spec.name, one));
      return { account: spec.name, readAt: passes.get(identity), causes: causesOf(spec.name, open), items };
    }),
  );
}
