import { laneStates } from "../../../jobs/lane-states.ts";
import { PAGE_PARAMETERS, type PageQuery, pageFrom, pageOf } from "../page.ts";
import { type Route, route } from "../route.ts";
import { filter, ref } from "../shapes.ts";
import { compareKeys } from "../view.ts";
import { accountsFor } from "./state.ts";

/** What Pulumi keeps of the fleet, stack by stack. */
export const stackRoutes: readonly Route[] = [
  route<PageQuery & { account?: string }>({
    id: "listStacks",
    method: "get",
    path: "/fleet/v1/stacks",
    tag: "stacks",
    role: "viewer",
    summary: "List stacks",
    description: "Those that hold something. `lane` is what the last pass of the service over it came to.",
    parameters: [...PAGE_PARAMETERS, filter("account", "Only of this account.")],
    answers: { 200: { description: "A page of stacks.", schema: pageOf(ref("Stack")) } },
    run: async (api, { principal, parameters }) => {
      const { store, now } = api.controller;
      const view = await api.view();
      const names = new Map(accountsFor(view, principal).map(({ identity, spec }) => [identity, spec.name]));
      const stacks = new Map<string, { name: string; account: string; objects: number; suspects: number }>();
      for (const [key, { stack, refresh }] of await api.hashes()) {
        const [kind, identity = "", ...name] = key.split("/");
        const account = names.get(identity);
        const shown = kind === "Server" ? `Server//${name.join("/")}` : `${kind}/${account}/${name.join("/")}`;
        if (account === undefined || (parameters.account ?? account) !== account) continue;
        if (!view.isKeyWithin(principal, shown)) continue;
        const found = stacks.get(stack) ?? { name: stack, account, objects: 0, suspects: 0 };
        stacks.set(stack, { ...found, objects: found.objects + 1, suspects: found.suspects + Number(refresh) });
      }
      const sorted = [...stacks.values()].sort((a, b) => compareKeys([a.name, ""], [b.name, ""]));
      const page = pageFrom(sorted, parameters, "stacks", ({ name }) => [name, ""], compareKeys);
      // Reasons and what waits name objects of all owners.
      const lanes = principal.owners === undefined ? await laneStates(store) : [];
      const items = await Promise.all(
        page.items.map(async (stack) => {
          const lease = await store.lease(stack.name);
          const lane = lanes.find((one) => one.lane === stack.name || one.lane === stack.account);
          const { lane: _, commit: __, ...told } = lane ?? { lane: "", commit: "" };
          const busy = lease !== undefined && Date.parse(lease.expiresAt) > now();
          return { ...stack, busy, ...(lane && { lane: told }) };
        }),
      );
      return { body: { ...page, items } };
    },
  }),
];
