import type { MatchedAccount } from "../../../reconcile/match.ts";
import type { AppliedObject, RememberedDrift, Sighting } from "../../../store/types.ts";
import type { Recorded, Records } from "../records.ts";
import type { FleetObject, FleetView } from "../view.ts";

type Sync = "synced" | "pending" | "drifted" | "unchecked";

/** What is recorded and seen of one server. */
export function serverState(records: Records, view: FleetView, server: FleetObject) {
  const record = recordOf(records, view, server);
  const differs = record === undefined ? [] : records.drift(record);
  const machine = record && records.seen(record);
  const account = server.spec?.account ?? "";
  return {
    sync: syncOf(view, server, record, differs.length > 0),
    ...(record && { recorded: recordedOf(record) }),
    ...(machine && { actual: machineOf(account, machine, server.name) }),
    drift: differs.map((one) => driftOf(account, one)),
    ...(server.cost && { cost: server.cost }),
    ...(server.price && { price: server.price }),
  };
}

/** A move to another account that is under way has two: the new one counts. */
export function recordOf(records: Records, view: FleetView, { name, spec }: FleetObject): Recorded | undefined {
  const identity = view.desired.accounts.get(spec?.account ?? "")?.identity ?? "";
  const own = records.server(identity, name) ?? records.servers(name)[0];
  return own ?? spec?.formerly.flatMap((former) => records.servers(former))[0];
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

function recordedOf({ identity, stack, generation, mark, cloudId, commit, provisioningSince }: Recorded) {
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
export function machineOf(account: string, row: Sighting, server?: string) {
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
