import type { Principal } from "../../../people/principal.ts";
import { causesOf } from "../../../reconcile/causes.ts";
import { cloudOf } from "../../../reconcile/context.ts";
import { suspensionOf } from "../../../reconcile/holds.ts";
import { objectKey } from "../../../reconcile/types.ts";
import type { DriftKind } from "../../../store/types.ts";
import type { FleetApi } from "../api.ts";
import { PAGE_PARAMETERS, type PageQuery, pageFrom, pageOf } from "../page.ts";
import { type Route, route } from "../route.ts";
import { filter, instant, listOf, record, ref, text, whole } from "../shapes.ts";
import { compareKeys, type FleetView } from "../view.ts";
import { machinesFor } from "./inventory.ts";
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
      "Field by field, as the last pass over each account has found it; `causes` has one row for each thing that has happened, those that touch most first, and `passes` when each account was read last, and how much of what is recorded of it was compared.",
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
          passes: listOf(
            record({
              account: text,
              "readAt?": instant,
              servers: whole,
              firewalls: whole,
              ports: whole,
              foreign: whole,
            }),
          ),
        }),
      },
    },
    run: async (api, { principal, parameters }) => {
      const view = await api.view();
      const found = await driftFor(api, view, principal, parameters);
      const items = found.flatMap((account) => account.items).sort((a, b) => a.id - b.id);
      const page = pageFrom(items, parameters, "drift", ({ id }) => [id, ""], compareKeys);
      const causes = found.flatMap((account) => account.causes).sort((a, b) => b.names.length - a.names.length);
      const passes = await passesOf(api, view, principal, found);
      const hashes = await api.hashes();
      const told = page.items.map((item) => ({ ...item, ...suspendedOf(view, hashes, item) }));
      return { body: { ...page, items: told, causes, passes } };
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

/** When each account was read last, how many recorded objects a pass compares, and how many machines of others it has seen. */
export async function passesOf(
  api: FleetApi,
  view: FleetView,
  principal: Principal,
  found: readonly { account: string; readAt: string | undefined }[],
) {
  const { controller } = api;
  const hashes = [...(await api.hashes())].filter(([, { cloudId }]) => cloudId !== undefined);
  const foreign = await machinesFor({ controller, hashes: () => api.hashes() }, view, principal, {
    class: "foreign",
    gone: false,
  });
  const accounts = new Map(accountsFor(view, principal).map((one) => [one.spec.name, one]));
  return found.map(({ account, readAt }) => {
    const { identity, spec } = accounts.get(account)!;
    const count = (kind: DriftKind) => {
      const prefix = `${kind}/${identity}/`;
      const isWithin = (name: string) => view.isKeyWithin(principal, objectKey({ kind, account, name }));
      return hashes.filter(([key]) => key.startsWith(prefix) && isWithin(key.slice(prefix.length))).length;
    };
    const cloud = cloudOf(controller, spec.provider);
    return {
      account,
      ...(readAt !== undefined && { readAt }),
      servers: count("Server"),
      firewalls: cloud.firewalls === undefined ? 0 : count("Firewall"),
      ports: cloud.networks === undefined ? 0 : count("Port"),
      foreign: foreign.filter((machine) => machine.account === account).length,
    };
  });
}

/** What keeps anybody from bringing it back, and why. */
function suspendedOf(
  view: FleetView,
  hashes: Awaited<ReturnType<FleetApi["hashes"]>>,
  { kind, account, name }: ReturnType<typeof driftOf>,
) {
  const found = view.desired.accounts.get(account);
  const record = found && hashes.get(`${kind}/${found.identity}/${name}`);
  if (record === undefined) return {};
  const hold = suspensionOf(
    found!.spec,
    record.stack,
    kind === "Server" ? view.object("Server", name)?.spec : undefined,
  );
  return hold && { suspended: { what: hold.what, reason: hold.reason } };
}
