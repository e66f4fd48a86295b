import { type LaneState, laneStates } from "../../../jobs/lane-states.ts";
import type { Principal } from "../../../people/principal.ts";
import type { FleetApi } from "../api.ts";
import { PAGE_PARAMETERS, type PageQuery, pageFrom, pageOf } from "../page.ts";
import { type Route, route } from "../route.ts";
import { filter, ref } from "../shapes.ts";
import { compareKeys, type FleetView } from "../view.ts";
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
      const view = await api.view();
      const sorted = await stacksFor({ hashes: () => api.hashes() }, view, principal, parameters.account);
      const page = pageFrom(sorted, parameters, "stacks", ({ name }) => [name, ""], compareKeys);
      const items = await withStates(api.controller, principal, page.items);
      return { body: { ...page, items } };
    },
  }),
];

export interface StackShown {
  name: string;
  account: string;
  objects: number;
  suspects: number;
}

/** Stacks that hold something that somebody may see, with how much of that they hold, in the order of their names. */
export async function stacksFor(
  { hashes }: Pick<FleetApi, "hashes">,
  view: FleetView,
  principal: Principal,
  wanted?: string,
): Promise<StackShown[]> {
  const names = new Map(accountsFor(view, principal).map(({ identity, spec }) => [identity, spec.name]));
  const stacks = new Map<string, StackShown>();
  for (const [key, { stack, refresh }] of await hashes()) {
    const [kind, identity = "", ...name] = key.split("/");
    const account = names.get(identity);
    const shown = kind === "Server" ? `Server//${name.join("/")}` : `${kind}/${account}/${name.join("/")}`;
    if (account === undefined || (wanted ?? account) !== account) continue;
    if (!view.isKeyWithin(principal, shown)) continue;
    const found = stacks.get(stack) ?? { name: stack, account, objects: 0, suspects: 0 };
    stacks.set(stack, { ...found, objects: found.objects + 1, suspects: found.suspects + Number(refresh) });
  }
  return [...stacks.values()].sort((a, b) => compareKeys([a.name, ""], [b.name, ""]));
}

/** Whether a run has the lease of each, and what the last pass over its lane came to. */
export async function withStates(
  { store, now }: Pick<FleetApi["controller"], "store" | "now">,
  principal: Principal,
  stacks: readonly StackShown[],
) {
  // Reasons and what waits name objects of all owners.
  const lanes = principal.owners === undefined ? await laneStates(store) : [];
  return await Promise.all(
    stacks.map(async (stack) => {
      const lease = await store.lease(stack.name);
      const lane = lanes.find((one) => one.lane === stack.name || one.lane === stack.account);
      const { lane: _, commit: __, ...told } = lane ?? { lane: "", commit: "" };
      const busy = lease !== undefined && Date.parse(lease.expiresAt) > now();
      return { ...stack, busy, ...(lane && { lane: told as Omit<LaneState, "lane" | "commit"> }) };
    }),
  );
}
