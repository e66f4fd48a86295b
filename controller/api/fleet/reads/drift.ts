import { causesOf } from "../../../reconcile/causes.ts";
import { objectKey } from "../../../reconcile/types.ts";
import { PAGE_PARAMETERS, type PageQuery, pageFrom, pageOf } from "../page.ts";
import { type Route, route } from "../route.ts";
import { filter, instant, listOf, record, ref } from "../shapes.ts";
import { compareKeys } from "../view.ts";
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
      const { store } = api.controller;
      const view = await api.view();
      const passes = await store.passes();
      const accounts = accountsFor(view, principal).filter(
        ({ spec }) => (parameters.account ?? spec.name) === spec.name,
      );
      const found = await Promise.all(
        accounts.map(async ({ identity, spec }) => {
          const open = (await store.drift(identity, "open")).filter(
            ({ kind, name }) =>
              (parameters.name ?? name) === name &&
              view.isKeyWithin(principal, objectKey({ kind, account: spec.name, name })),
          );
          return { causes: causesOf(spec.name, open), items: open.map((one) => driftOf(spec.name, one)) };
        }),
      );
      const items = found.flatMap((account) => account.items).sort((a, b) => a.id - b.id);
      const page = pageFrom(items, parameters, "drift", ({ id }) => [id, ""], compareKeys);
      const causes = found.flatMap((account) => account.causes).sort((a, b) => b.names.length - a.names.length);
      const read = accounts.map(({ identity, spec }) => {
        const readAt = passes.get(identity);
        return { account: spec.name, ...(readAt !== undefined && { readAt }) };
      });
      return { body: { ...page, causes, passes: read } };
    },
  }),
];
