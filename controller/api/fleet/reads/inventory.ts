import { concerns, type Principal } from "../../../people/principal.ts";
import type { SeenServer } from "../../../store/types.ts";
import type { FleetApi } from "../api.ts";
import { PAGE_PARAMETERS, type PageQuery, pageFrom, pageOf } from "../page.ts";
import { type Route, route } from "../route.ts";
import { filter, flag, instant, listOf, oneOf, record, ref, text } from "../shapes.ts";
import { compareKeys, type FleetView } from "../view.ts";
import { accountsFor, machineOf } from "./state.ts";

interface Query extends PageQuery {
  account?: string;
  class?: SeenServer["class"];
  gone: boolean;
}

const PASSES = listOf(record({ account: text, "readAt?": instant }));

/** What the clouds have, as the last passes have seen it: no cloud is asked. */
export const inventoryRoutes: readonly Route[] = [
  route<Query>({
    id: "listInventory",
    method: "get",
    path: "/fleet/v1/inventory",
    tag: "inventory",
    role: "viewer",
    summary: "List machines that the clouds have",
    description:
      "`managed`: a record has it; `orphan`: it carries a mark of this fleet and no record has it; `foreign`: no mark, or another fleet's. Orphans and foreign ones belong to no owner. `passes` tells when each account was read last.",
    parameters: [
      ...PAGE_PARAMETERS,
      filter("account", "Only on this account."),
      filter("class", "Only of this class.", oneOf("managed", "orphan", "foreign")),
      filter("gone", "Those that went within the last 90 days instead.", { ...flag, default: false }),
    ],
    answers: { 200: { description: "A page of machines.", schema: pageOf(ref("Machine"), { passes: PASSES }) } },
    run: async (api, { principal, parameters }) => {
      const view = await api.view();
      const found = await machinesFor(
        { controller: api.controller, hashes: () => api.hashes() },
        view,
        principal,
        parameters,
      );
      const key = ({ account, id }: { account: string; id: string }) => [account, id] as const;
      const items = found.sort((a, b) => compareKeys(key(a), key(b)));
      const page = pageFrom(items, parameters, "inventory", key, compareKeys);
      return { body: { ...page, passes: await passesFor(api, view, principal, parameters.account) } };
    },
  }),
];

async function passesFor(
  { controller: { store } }: FleetApi,
  view: FleetView,
  principal: Principal,
  wanted: string | undefined,
) {
  const passes = await store.passes();
  return accountsFor(view, principal).flatMap(({ identity, spec: { name: account } }) => {
    const readAt = passes.get(identity);
    return (wanted ?? account) === account ? [{ account, ...(readAt !== undefined && { readAt }) }] : [];
  });
}

/** The machines that the last passes have seen and that somebody may see. */
export async function machinesFor(
  { controller: { store }, hashes }: { controller: FleetApi["controller"]; hashes(): ReturnType<FleetApi["hashes"]> },
  view: FleetView,
  principal: Principal,
  wanted: Pick<Query, "account" | "class" | "gone">,
) {
  const accounts = accountsFor(view, principal).filter(({ spec }) => (wanted.account ?? spec.name) === spec.name);
  const records = [...(await hashes())];
  const found = await Promise.all(
    accounts.map(async ({ identity, spec }) => {
      const { servers } = await store.inventory(identity);
      const own = records.filter(([key]) => key.startsWith(`Server/${identity}/`));
      const names = new Map(own.map(([key, { cloudId }]) => [cloudId, key.slice(`Server/${identity}/`.length)]));
      return servers.flatMap((row) => {
        if ((row.goneSince !== undefined) !== wanted.gone || (wanted.class ?? row.class) !== row.class) return [];
        const server = names.get(row.id);
        const owner = server === undefined ? undefined : view.object("Server", server)?.spec?.owner;
        if (!concerns(principal, { account: spec.name, ...(owner !== undefined && { owner }) })) return [];
        return [machineOf(spec.name, row, server)];
      });
    }),
  );
  return found.flat();
}
