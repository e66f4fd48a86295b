import type { ActualServer, Cloud } from "../../resources/cloud.ts";
import type { AppliedObject } from "../store/types.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import type { Desired } from "./desired.ts";
import { type FieldDrift, findDrift } from "./find-drift.ts";
import type { MatchedAccount } from "./match.ts";
import { judge, lookTwice } from "./observe.ts";
import { inParallel } from "./pool.ts";

/** What differs on one server from what was last applied. */
export interface ServerDrift {
  name: string;
  account: string;
  id: string;
  /** `gone` only after two direct looks apart in time. */
  kind: "changed" | "gone";
  fields: FieldDrift[];
}

/** One account, listed once. */
export interface AccountDrift {
  account: string;
  /** Recorded servers that were compared. */
  servers: number;
  drifted: ServerDrift[];
  /** Machines that this fleet has made and that no record names. */
  orphans: { id: string; name: string; mark: string }[];
  /** Machines of others: without a mark, or with another fleet's. */
  foreign: number;
  /** Why the account could not be compared; then nothing is said about its servers. */
  error?: string;
}

/**
 * Drift of all accounts, each listed once and compared by a pure function. A server that the list does not show is looked at directly, twice,
 * before it is called gone. An account that cannot be read yields an error and no drift.
 */
export async function findFleetDrift(
  controller: Controller,
  desired: Desired,
  signal: AbortSignal,
): Promise<AccountDrift[]> {
  return await inParallel([...desired.byIdentity.values()], controller.stacksAtOnce, async (account) => {
    const records = await controller.store.objects({ account: account.identity, kind: "Server" });
    try {
      return await accountDrift(controller, account, records, signal);
    } catch (error) {
      signal.throwIfAborted();
      return {
        account: account.spec.name,
        servers: records.length,
        drifted: [],
        orphans: [],
        foreign: 0,
        error: (error as Error).message,
      };
    }
  });
}

async function accountDrift(
  controller: Controller,
  account: MatchedAccount,
  records: AppliedObject[],
  signal: AbortSignal,
): Promise<AccountDrift> {
  const cloud = cloudOf(controller, account.spec.provider);
  const call = callOn(controller, account.spec, signal, "background");
  const listed = new Map<string, ActualServer>();
  for await (const server of cloud.list(call)) listed.set(server.id, server);

  const marks = new Set(records.map(({ mark }) => mark));
  const known = records.filter(({ cloudId }) => cloudId !== undefined);
  const found = await inParallel(known, 8, async (record) => {
    const id = record.cloudId!;
    const shown = listed.get(id);
    // A list lags and leaves out: whatever looks wrong in it is read directly.
    if (shown !== undefined && compare(cloud, record, shown).length === 0) return undefined;
    const actual = await lookTwice(cloud, id, call, controller.sleep);
    const seen = judge(record, actual, cloud, (mark) => marks.has(mark));
    if (!seen.gone && seen.drift.length === 0) return undefined;
    return {
      name: record.name,
      account: account.spec.name,
      id,
      kind: seen.gone ? "gone" : "changed",
      fields: seen.gone ? [] : seen.drift,
    } satisfies ServerDrift;
  });
  const ids = new Set(known.map(({ cloudId }) => cloudId));
  const others = [...listed.values()].filter(
    ({ id, mark }) => !ids.has(id) && !(mark !== undefined && marks.has(mark)),
  );
  const orphans = [];
  for (const { id, name, mark } of others) {
    // A mark does not tell its fleet; the journal knows what this one has asked for.
    if (mark !== undefined && (await controller.store.intent(account.identity, mark)) !== undefined)
      orphans.push({ id, name, mark });
  }
  return {
    account: account.spec.name,
    servers: known.length,
    drifted: found.filter((drift) => drift !== undefined),
    orphans,
    foreign: others.length - orphans.length,
  };
}

function compare(cloud: Cloud, { document, mark }: AppliedObject, actual: ActualServer): FieldDrift[] {
  return document.kind === "Server" ? findDrift(cloud.expect(document, mark), actual) : [];
}
