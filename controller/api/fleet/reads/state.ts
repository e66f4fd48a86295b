import type { MatchedAccount } from "../../../reconcile/match.ts";
import type { AppliedObject, RememberedDrift, SeenServer } from "../../../store/types.ts";
import type { FleetApi } from "../api.ts";
import type { FleetObject, FleetView } from "../view.ts";

type Sync = "synced" | "pending" | "drifted" | "unchecked";

/** What is recorded and seen of these servers, by name; three statements for each account that they are on. */
export async function serverStates(
  api: Pick<FleetApi, "controller">,
  view: FleetView,
  servers: readonly FleetObject[],
) {
  const { store } = api.controller;
  const names = servers.flatMap(({ name, spec }) => [name, ...(spec?.formerly ?? [])]);
  const records = names.length === 0 ? [] : await store.objects({ kind: "Server", names });
  const matched = new Map(servers.map((server) => [server.name, recordOf(view, server, records)]));
  const own = [...matched.values()].filter((record) => record !== undefined);
  const seen = new Map<string, SeenServer>();
  const drift = new Map<string, RememberedDrift[]>();
  const read = async (account: string, members: readonly AppliedObject[]) => {
    const ids = members.flatMap(({ cloudId }) => cloudId ?? []);
    const [{ servers: rows }, open] = await Promise.all([store.inventory(account, ids), store.drift(account, "open")]);
    for (const row of rows) seen.set(`${account} ${row.id}`, row);
    for (const [identity, members] of Map.groupBy(
      open.filter(({ kind }) => kind === "Server"),
      (one) => one.identity,
    ))
      drift.set(`${account} ${identity}`, members);
  };
  await Promise.all(
    [...Map.groupBy(own, ({ account }) => account)].map(([account, members]) => read(account, members)),
  );
  return (server: FleetObject) => {
    const record = matched.get(server.name);
    const differs = record === undefined ? [] : (drift.get(`${record.account} ${record.identity}`) ?? []);
    const machine = record?.cloudId === undefined ? undefined : seen.get(`${record.account} ${record.cloudId}`);
    const account = server.spec?.account ?? "";
    return {
      sync: syncOf(view, server, record, differs.length > 0),
      ...(record && { recorded: recordedOf(record) }),
      ...(machine && { actual: machineOf(account, machine, server.name) }),
      drift: differs.map((one) => driftOf(account, one)),
      ...(server.cost && { cost: server.cost }),
      ...(server.price && { price: server.price }),
    };
  };
}

/** A move to another account that is under way has two: the new one counts. */
function recordOf(view: FleetView, { name, spec }: FleetObject, records: readonly AppliedObject[]) {
  const identity = view.desired.accounts.get(spec?.account ?? "")?.identity;
  const called = records.filter((record) => record.name === name);
  const own = called.find(({ account }) => account === identity) ?? called[0];
  return own ?? records.find((record) => spec?.formerly.includes(record.name));
}

export function syncOf(
  view: FleetView,
  { name, spec, compiled }: Pick<FleetObject, "name" | "spec" | "compiled">,
  record: Pick<AppliedObject, "account" | "name" | "refresh" | "hash"> | undefined,
  isDrifted: boolean,
): Sync {
  if (record === undefined) return "pending";
  if (record.refresh) return "unchecked";
  const account = view.desired.accounts.get(spec?.account ?? "")?.identity;
  if (record.account !== account || record.name !== name || record.hash !== compiled[0]?.hash) return "pending";
  return isDrifted ? "drifted" : "synced";
}

export function recordedOf({ identity, stack, generation, mark, cloudId, commit, provisioningSince }: AppliedObject) {
  return {
    identity,
    stack,
    generation,
    mark,
    ...(cloudId !== undefined && { id: cloudId }),
    commit,
    ...(provisioningSince !== undefined && { provisioningSince }),
  };
}

/** A machine as it is told: what a cloud keeps for itself, and whatever else it says of it, is left out. */
export function machineOf(account: string, row: SeenServer, server?: string) {
  const { id, name, mark, region, size, state: power, firstSeen, lastSeen, goneSince, monthly, actual } = row;
  const { image, status, ipv4, ipv6, createdAt } = actual;
  return {
    account,
    id,
    name,
    class: row.class,
    ...(server !== undefined && { server }),
    ...(mark !== undefined && { mark }),
    region,
    ...(size !== undefined && { size }),
    ...(image !== undefined && { image }),
    power,
    status,
    ipv4,
    ipv6,
    ...(createdAt !== undefined && { createdAt }),
    firstSeen,
    lastSeen,
    ...(goneSince !== undefined && { goneSince }),
    ...(monthly && { monthly }),
  };
}

export function driftOf(account: string, one: RememberedDrift) {
  const { id, kind, name, cloudId, field, before, after, since, wanted } = one;
  return {
    id,
    account,
    kind,
    name,
    cloudId,
    field,
    ...(before !== undefined && { desired: before }),
    ...(after !== undefined && { actual: after }),
    since,
    ...(wanted && { wanted }),
  };
}

/** The accounts that somebody may see, in the order of their names; also those that only records have, for those who are about everything. */
export function accountsFor(view: FleetView, principal: Parameters<FleetView["isAccountWithin"]>[0]): MatchedAccount[] {
  return [...view.desired.byIdentity.values()]
    .filter(({ spec }) => view.isAccountWithin(principal, spec.name))
    .sort((a, b) => (a.spec.name < b.spec.name ? -1 : 1));
}
