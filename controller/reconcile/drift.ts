import type { AppliedObject, DriftKind, RememberedDrift } from "../store/types.ts";
import { causesOf, type DriftCause } from "./causes.ts";
import { classify, fleetMarks } from "./classes.ts";
import type { Controller } from "./context.ts";
import { dayCosts } from "./day-costs.ts";
import type { Desired } from "./desired.ts";
import type { FieldDrift } from "./find-drift.ts";
import { suspensionOf } from "./holds.ts";
import { lookAt, type Sight, sightOfFirewall, sightOfPort, sightOfServer, sightOfSnapshot } from "./look.ts";
import { type MatchedAccount, readRecords } from "./match.ts";
import { judge } from "./observe.ts";
import { inParallel } from "./pool.ts";
import { followMachines, runningMachines } from "./port-machines.ts";
import { type Place, placeOf, readAccount } from "./read-account.ts";
import { compareDrift, entriesOf, withWanted } from "./remember.ts";
import { whatIsSeen } from "./seen.ts";
import { type Hold, isServer, objectKey } from "./types.ts";

/** What differs on one server, firewall, port or snapshot from what was last applied. */
export interface ObjectDrift {
  object: DriftKind;
  name: string;
  account: string;
  id: string;
  /** `gone` only after two direct looks apart in time. */
  kind: "changed" | "gone";
  /** Rules one by one: `rules[+1]` with `actual` is one too many, `rules[-0]` with `desired` one that is missing. */
  fields: FieldDrift[];
  /** A port that waits for its machine. */
  awaited?: true;
  /** It is suspended, so nothing brings it back: what suspends it, and why. */
  suspended?: Pick<Hold, "what" | "reason">;
}

/** One account, read by one pass. */
export interface AccountDrift {
  account: string;
  /** Recorded servers that were compared. */
  servers: number;
  /** Recorded firewalls that were compared. */
  firewalls: number;
  /** Recorded ports that were compared. */
  ports: number;
  drifted: ObjectDrift[];
  /** Ports that their machine has come for: no hand has taken them out, so each is plugged in whatever its policy. */
  awaited: ObjectDrift[];
  /** What this fleet has made and no record names. */
  orphans: { object: DriftKind; id: string; name: string; mark: string }[];
  /** Machines of others: without a mark, or with another fleet's. */
  foreign: number;
  /** All that differs, one row for each cause. */
  causes: DriftCause[];
  /** What differs since this pass and what does no longer: each is told by one pass only, in whichever process. */
  started: RememberedDrift[];
  ended: RememberedDrift[];
  /** Why the account could not be compared; then nothing is said about what it has, and nothing is stored. */
  error?: string;
}

/**
 * Drift of all accounts, each read once (servers, and firewalls, ports and snapshots where it has some) and compared by a pure function. What the list does not
 * show is looked at directly, twice, before it is called gone. What the pass has seen is remembered: the inventory, and drift with since when. An account
 * that cannot be read yields an error and no drift, and what is remembered of it stays as it was.
 */
export async function findFleetDrift(
  controller: Controller,
  desired: Desired,
  signal: AbortSignal,
): Promise<AccountDrift[]> {
  const all = (await readRecords(controller.store, desired)).filter(({ kind }) => kind === "Server");
  const isMark = fleetMarks(desired, all);
  const used = [...desired.byIdentity.values()].filter(({ spec }) => !spec.retired);
  return await inParallel(used, controller.stacksAtOnce, async (account) => {
    const servers = all.filter((record) => record.account === account.identity);
    const firewalls = await controller.store.objects({ account: account.identity, kind: "Firewall" });
    const ports = await controller.store.objects({ account: account.identity, kind: "Port" });
    const snapshots = await controller.store.objects({ account: account.identity, kind: "Snapshot" });
    const records = { servers, firewalls, ports, snapshots };
    try {
      return await accountDrift(controller, desired, account, records, isMark, signal);
    } catch (error) {
      signal.throwIfAborted();
      return {
        account: account.spec.name,
        servers: servers.length,
        firewalls: firewalls.length,
        ports: ports.length,
        drifted: [],
        awaited: [],
        orphans: [],
        foreign: 0,
        causes: [],
        started: [],
        ended: [],
        error: (error as Error).message,
      };
    }
  });
}

async function accountDrift(
  controller: Controller,
  desired: Desired,
  account: MatchedAccount,
  records: Record<"servers" | "firewalls" | "ports" | "snapshots", AppliedObject[]>,
  isMark: (mark: string) => boolean,
  signal: AbortSignal,
): Promise<AccountDrift> {
  const place = placeOf(controller, account, signal);
  const { cloud } = place;
  const { name } = account.spec;
  const reading = await readAccount(place);
  const server = await compareAll(place, "Server", records.servers, {
    shown: ({ document, mark, cloudId }) => {
      const shown = reading.servers.get(cloudId!);
      if (shown === undefined || document.kind !== "Server") return undefined;
      // A list has no rules: where each machine has its own, they take a read of each that is to have some.
      if (document.rules !== undefined && shown.rules === undefined) return undefined;
      return sightOfServer(cloud, document, mark, shown);
    },
    look: async ({ document, mark, cloudId }) => {
      const actual = await reading.look(cloudId!);
      return actual === undefined || document.kind !== "Server"
        ? undefined
        : sightOfServer(cloud, document, mark, actual);
    },
  });
  const firewall = await compareFirewalls(place, records.firewalls);
  const port = await comparePorts(place, records.ports);
  const snapshot = await compareSnapshots(place, records.snapshots);

  const owned = await classify(place, reading, records.servers, isMark);
  const seen = whatIsSeen(reading, owned, desired.catalogs[name]);
  // What the cloud takes away by itself needs nobody.
  const orphans = seen.present.filter((row) => row.class === "orphan" && row.actual.leaving === undefined);
  const found = [...server.found, ...firewall.found, ...port.found, ...snapshot.found];
  const open = await controller.store.drift(account.identity, "open");
  const { started, changed, ended } = compareDrift(
    open,
    found.flatMap(({ drift, record }) => entriesOf(drift, record.identity, reading.pass.readAt)),
  );
  const wanted = (drift: typeof started) => withWanted(controller.repo, desired, name, drift);
  const drift = { started: await wanted(started), changed: (await wanted(changed)) as RememberedDrift[], ended };
  const ids = await controller.store.recordPass({
    account: account.identity,
    pass: reading.pass,
    seen: seen.seen,
    gone: seen.gone,
    costs: dayCosts(seen.present, owned),
    drift,
  });
  const remembered = await controller.store.drift(account.identity, "open");
  const isNew = new Set(ids);
  const isOver = new Set(ids === undefined ? [] : ended);
  return {
    account: name,
    servers: server.compared,
    firewalls: firewall.compared,
    ports: port.compared,
    drifted: found.map(withSuspension(account, desired)),
    awaited: port.awaited.map(withSuspension(account, desired)),
    orphans: [
      ...orphans.map(({ id, name, mark }) => ({ object: "Server" as const, id, name, mark: mark! })),
      ...firewall.orphans,
      ...port.orphans,
      ...snapshot.orphans,
    ],
    foreign: seen.present.filter((row) => row.class === "foreign").length,
    causes: causesOf(name, remembered),
    started: remembered.filter(({ id }) => isNew.has(id)),
    ended: open.filter(({ id }) => isOver.has(id)).map((one) => ({ ...one, endedAt: reading.pass.readAt })),
  };
}

/**
 * Drift of some recorded servers, firewalls, ports and snapshots, each looked at now: what a pass has found may be hours old. Nothing is stored.
 * @param keys `objectKey` of each
 */
export async function findObjectDrift(
  controller: Controller,
  desired: Desired,
  keys: ReadonlySet<string>,
  signal: AbortSignal,
): Promise<Pick<AccountDrift, "account" | "servers" | "drifted">[]> {
  const all = await readRecords(controller.store, desired);
  return await inParallel([...desired.byIdentity.values()], controller.stacksAtOnce, async (account) => {
    const { cloud, call } = placeOf(controller, account, signal, "person");
    const own = all.filter((record) => record.account === account.identity);
    const { name } = account.spec;
    const compared = await Promise.all(
      (["Server", "Firewall", "Port", "Snapshot"] as const).map(async (kind) => {
        const records = own.filter(
          (record) => record.kind === kind && keys.has(objectKey({ kind, account: name, name: record.name })),
        );
        const look = async (record: AppliedObject) =>
          await lookAt(cloud, record, record.cloudId!, call, controller.sleep);
        return await compareAll({ account }, kind, records, { shown: () => undefined, look });
      }),
    );
    const drifted = compared.flatMap(({ found }) => found.map(withSuspension(account, desired)));
    return { account: name, servers: own.filter(({ kind }) => kind === "Server").length, drifted };
  });
}

interface Found {
  record: AppliedObject;
  drift: ObjectDrift;
}

interface Compared {
  compared: number;
  found: Found[];
}

/** Says of what differs that it is suspended, where it is. */
function withSuspension({ spec }: MatchedAccount, { objects }: Desired): (found: Found) => ObjectDrift {
  const files = new Map(objects.flatMap(({ spec }) => (isServer(spec) ? [[spec.name, spec] as const] : [])));
  return ({ record, drift }) => {
    const hold = suspensionOf(spec, record.stack, record.kind === "Server" ? files.get(record.name) : undefined);
    return hold === undefined ? drift : { ...drift, suspended: { what: hold.what, reason: hold.reason } };
  };
}

/** Compares the records of one kind with what a list shows; `shown` answers undefined where the list is not enough, and then `look` is asked. */
async function compareAll(
  { account }: Pick<Place, "account">,
  object: ObjectDrift["object"],
  records: AppliedObject[],
  sights: {
    shown(record: AppliedObject): Sight | undefined;
    look(record: AppliedObject): Promise<Sight | undefined>;
  },
): Promise<Compared> {
  const marks = new Set(records.map(({ mark }) => mark));
  const known = records.filter(({ cloudId }) => cloudId !== undefined);
  const found = await inParallel(known, 8, async (record): Promise<Compared["found"]> => {
    // A list lags and leaves out: whatever looks wrong in it is read directly.
    if (sights.shown(record)?.drift.length === 0) return [];
    const seen = judge(record, await sights.look(record), (mark) => marks.has(mark));
    if (!seen.gone && seen.drift.length === 0) return [];
    const kind = seen.gone ? "gone" : "changed";
    const fields = seen.gone ? [] : seen.drift;
    const { name, cloudId: id } = record;
    return [{ record, drift: { object, name, account: account.spec.name, id: id!, kind, fields } }];
  });
  return { compared: known.length, found: found.flat() };
}

type ComparedShared = Compared & Pick<AccountDrift, "orphans">;

const NOTHING: ComparedShared = { compared: 0, found: [], orphans: [] };

async function compareFirewalls(place: Place, records: AppliedObject[]): Promise<ComparedShared> {
  const { cloud, call } = place;
  if (records.length === 0 || cloud.firewalls === undefined) return NOTHING;
  return await compareShared(place, "Firewall", records, await cloud.firewalls.list(call), (document, shown) =>
    document.kind === "Firewall" ? sightOfFirewall(cloud, document, shown) : undefined,
  );
}

/** Of a port that is for a machine it takes one more look, at who runs under that name. */
async function comparePorts(place: Place, records: AppliedObject[]): Promise<ComparedShared & { awaited: Found[] }> {
  const { cloud, call } = place;
  if (records.length === 0 || cloud.networks === undefined) return { ...NOTHING, awaited: [] };
  const list = await cloud.networks.ports(call);
  const machines = await runningMachines(place, records);
  const { found, ...compared } = await compareShared(place, "Port", records, list, (document, shown) =>
    document.kind === "Port" ? sightOfPort(document, shown, machines.get(document.machine ?? "")) : undefined,
  );
  await followMachines(place, records, list, machines);
  const isAwaited = ({ record, drift: { kind, fields } }: Found) =>
    record.provisioningSince !== undefined && kind === "changed" && fields.every(({ path }) => path === "machine");
  const [awaited, others] = [found.filter(isAwaited), found.filter((one) => !isAwaited(one))];
  return {
    ...compared,
    found: others,
    awaited: awaited.map(({ record, drift }) => ({ record, drift: { ...drift, awaited: true } })),
  };
}

async function compareSnapshots(place: Place, records: AppliedObject[]): Promise<ComparedShared> {
  const { cloud, call } = place;
  if (records.length === 0 || cloud.snapshots === undefined) return NOTHING;
  return await compareShared(place, "Snapshot", records, await cloud.snapshots.list(call), (document, shown) =>
    document.kind === "Snapshot" ? sightOfSnapshot(document, shown) : undefined,
  );
}

/** Compares what servers share, or leave behind, with a list of it. What no record names is ours where the journal has asked for it. */
async function compareShared<Shown extends { id: string; name: string; mark?: string }>(
  place: Place,
  object: Exclude<DriftKind, "Server">,
  records: AppliedObject[],
  list: readonly Shown[],
  sightOf: (document: AppliedObject["document"], shown: Shown) => Sight | undefined,
): Promise<ComparedShared> {
  const { controller, account, cloud, call } = place;
  const listed = new Map(list.map((one) => [one.id, one]));
  const result = await compareAll(place, object, records, {
    shown: ({ document, cloudId }) => {
      const shown = listed.get(cloudId!);
      return shown && sightOf(document, shown);
    },
    look: (record) => lookAt(cloud, record, record.cloudId!, call, controller.sleep),
  });
  const [ids, marks] = [new Set(records.map(({ cloudId }) => cloudId)), new Set(records.map(({ mark }) => mark))];
  const others = [...listed.values()].flatMap(({ id, name, mark }) =>
    mark === undefined || ids.has(id) || marks.has(mark) ? [] : [{ object, id, name, mark }],
  );
  // A mark does not tell its fleet; the journal knows what this one has asked for.
  const noted = await controller.store.noted(
    account.identity,
    others.map(({ mark }) => mark),
  );
  return { ...result, orphans: others.filter(({ mark }) => noted.has(mark)) };
}
