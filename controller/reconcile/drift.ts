import type { ActualFirewall, ActualServer } from "../../resources/actual.ts";
import type { Call, Cloud } from "../../resources/cloud.ts";
import type { AppliedObject } from "../store/types.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import type { Desired } from "./desired.ts";
import type { FieldDrift } from "./find-drift.ts";
import { suspensionOf } from "./holds.ts";
import { lookAt, type Sight, sightOfFirewall, sightOfServer } from "./look.ts";
import type { MatchedAccount } from "./match.ts";
import { judge } from "./observe.ts";
import { inParallel } from "./pool.ts";
import { type Hold, isServer } from "./types.ts";

/** What differs on one server or firewall from what was last applied. */
export interface ObjectDrift {
  object: "Server" | "Firewall";
  name: string;
  account: string;
  id: string;
  /** `gone` only after two direct looks apart in time. */
  kind: "changed" | "gone";
  /** Rules one by one: `rules[+1]` with `actual` is one too many, `rules[-0]` with `desired` one that is missing. */
  fields: FieldDrift[];
  /** It is suspended, so nothing brings it back: what suspends it, and why. */
  suspended?: Pick<Hold, "what" | "reason">;
}

/** One account, listed once. */
export interface AccountDrift {
  account: string;
  /** Recorded servers that were compared. */
  servers: number;
  /** Recorded firewalls that were compared. */
  firewalls: number;
  drifted: ObjectDrift[];
  /** Machines and firewalls that this fleet has made and that no record names. */
  orphans: { object: "Server" | "Firewall"; id: string; name: string; mark: string }[];
  /** Machines of others: without a mark, or with another fleet's. */
  foreign: number;
  /** Why the account could not be compared; then nothing is said about what it has. */
  error?: string;
}

/**
 * Drift of all accounts, each listed once (servers, and firewalls where it has some) and compared by a pure function. What the list does not show
 * is looked at directly, twice, before it is called gone. An account that cannot be read yields an error and no drift.
 */
export async function findFleetDrift(
  controller: Controller,
  desired: Desired,
  signal: AbortSignal,
): Promise<AccountDrift[]> {
  return await inParallel([...desired.byIdentity.values()], controller.stacksAtOnce, async (account) => {
    const [servers, firewalls] = await Promise.all(
      (["Server", "Firewall"] as const).map((kind) => controller.store.objects({ account: account.identity, kind })),
    );
    try {
      const found = await accountDrift(controller, account, servers!, firewalls!, signal);
      const records = new Map([...servers!, ...firewalls!].map((record) => [`${record.kind}/${record.name}`, record]));
      const stackOf = ({ object, name }: ObjectDrift) => records.get(`${object}/${name}`)!.stack;
      return { ...found, drifted: found.drifted.map((one) => withSuspension(one, stackOf(one), account, desired)) };
    } catch (error) {
      signal.throwIfAborted();
      return {
        account: account.spec.name,
        servers: servers!.length,
        firewalls: firewalls!.length,
        drifted: [],
        orphans: [],
        foreign: 0,
        error: (error as Error).message,
      };
    }
  });
}

function withSuspension(
  drift: ObjectDrift,
  stack: string,
  { spec }: MatchedAccount,
  { objects }: Pick<Desired, "objects">,
): ObjectDrift {
  const server = objects.find(
    ({ spec }) => isServer(spec) && drift.object === "Server" && spec.name === drift.name,
  )?.spec;
  const hold = suspensionOf(spec, stack, server && isServer(server) ? server : undefined);
  return hold === undefined ? drift : { ...drift, suspended: { what: hold.what, reason: hold.reason } };
}

async function accountDrift(
  controller: Controller,
  account: MatchedAccount,
  servers: AppliedObject[],
  firewalls: AppliedObject[],
  signal: AbortSignal,
): Promise<AccountDrift> {
  const cloud = cloudOf(controller, account.spec.provider);
  const call = callOn(controller, account.spec, signal, "background");
  const place = { controller, account, cloud, call };
  const machines = new Map<string, ActualServer>();
  for await (const server of cloud.list(call)) machines.set(server.id, server);
  const server = await compareAll(place, "Server", servers, machines, (record, shown) => {
    const { document, mark } = record;
    if (document.kind !== "Server") return undefined;
    // A list has no rules: where each machine has its own, they take a read of each that is to have some.
    if (document.rules !== undefined && shown.rules === undefined) return undefined;
    return sightOfServer(cloud, document, mark, shown);
  });
  if (firewalls.length === 0 || cloud.firewalls === undefined)
    return { account: account.spec.name, servers: server.compared, firewalls: 0, ...server.found };

  const listed = new Map((await cloud.firewalls.list(call)).map((firewall) => [firewall.id, firewall]));
  const firewall = await compareAll(place, "Firewall", firewalls, listed, ({ document }, shown) =>
    document.kind === "Firewall" ? sightOfFirewall(cloud, document, shown) : undefined,
  );
  return {
    account: account.spec.name,
    servers: server.compared,
    firewalls: firewall.compared,
    drifted: [...server.found.drifted, ...firewall.found.drifted],
    orphans: [...server.found.orphans, ...firewall.found.orphans],
    foreign: server.found.foreign,
  };
}

interface Place {
  controller: Controller;
  account: MatchedAccount;
  cloud: Cloud;
  call: Call;
}

/** Compares the records of one kind with what a list shows; `glanceAt` answers undefined where the list is not enough. */
async function compareAll<Shown extends ActualServer | ActualFirewall>(
  { controller, account, cloud, call }: Place,
  object: ObjectDrift["object"],
  records: AppliedObject[],
  listed: ReadonlyMap<string, Shown>,
  glanceAt: (record: AppliedObject, shown: Shown) => Sight | undefined,
): Promise<{ compared: number; found: Pick<AccountDrift, "drifted" | "orphans" | "foreign"> }> {
  const marks = new Set(records.map(({ mark }) => mark));
  const known = records.filter(({ cloudId }) => cloudId !== undefined);
  const drifted = await inParallel(known, 8, async (record): Promise<ObjectDrift | undefined> => {
    const id = record.cloudId!;
    const shown = listed.get(id);
    // A list lags and leaves out: whatever looks wrong in it is read directly.
    if (shown !== undefined && glanceAt(record, shown)?.drift.length === 0) return undefined;
    const sight = await lookAt(cloud, record, id, call, controller.sleep);
    const seen = judge(record, sight, (mark) => marks.has(mark));
    if (!seen.gone && seen.drift.length === 0) return undefined;
    const kind = seen.gone ? "gone" : "changed";
    const fields = seen.gone ? [] : seen.drift;
    return { object, name: record.name, account: account.spec.name, id, kind, fields };
  });
  const ids = new Set(known.map(({ cloudId }) => cloudId));
  const others = [...listed.values()].filter(
    ({ id, mark }) => !ids.has(id) && !(mark !== undefined && marks.has(mark)),
  );
  const orphans: AccountDrift["orphans"] = [];
  for (const { id, name, mark, ...other } of others) {
    // What the cloud takes away by itself needs nobody.
    if ("leaving" in other && other.leaving !== undefined) continue;
    // A mark does not tell its fleet; the journal knows what this one has asked for.
    if (mark !== undefined && (await controller.store.intent(account.identity, mark)) !== undefined)
      orphans.push({ object, id, name, mark });
  }
  return {
    compared: known.length,
    found: {
      drifted: drifted.filter((drift) => drift !== undefined),
      orphans,
      foreign: others.length - orphans.length,
    },
  };
}
