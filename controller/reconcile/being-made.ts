import type { ActualServer } from "../../resources/actual.ts";
import { FleetError } from "../../resources/errors.ts";
import type { AppliedObject } from "../store/types.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import type { Desired } from "./desired.ts";
import { findDrift } from "./find-drift.ts";
import { whenFree } from "./leases.ts";
import { lookAtServer } from "./look.ts";
import type { MatchedAccount } from "./match.ts";
import { inParallel } from "./pool.ts";
import type { Work } from "./types.ts";

/**
 * A machine that a run has ordered and the cloud is still making ready: bare metal takes minutes to hours. It is recorded as applied, so nothing is
 * bought or waited for again; each later command looks at it once.
 */
export interface BeingMade {
  name: string;
  account: string;
  id?: string;
  /** As far as the cloud tells. */
  percent?: number;
  step?: string;
  /** ISO instants: ordered, and when `deadlines.createSeconds` of the account are over. */
  since: string;
  deadline: string;
  /** Past its deadline. It is reported and left alone: a person decides. */
  overdue?: true;
  /** The cloud has given up on it. */
  failed?: true;
  /** It could not be looked at just now, which says nothing about it. */
  problem?: string;
}

/** What a look at the machines that are being made has come to. */
export interface Watched {
  beingMade: BeingMade[];
  /** Ready now; `differs` where the next preview has something to do on it. */
  ready: { name: string; account: string; differs: boolean }[];
  /** Gone before they were ready: the next preview makes them anew, for whoever approves it. */
  gone: { name: string; account: string }[];
}

/** Since when a machine is being made: from its first look on, or from when its order left. */
export async function madeSince(controller: Controller, account: string, work: Work): Promise<string> {
  const { applied, generation, mark } = work;
  if (applied?.generation === generation && applied.provisioningSince !== undefined) return applied.provisioningSince;
  const intent = await controller.store.intent(account, mark);
  return intent?.startedAt ?? new Date(controller.now()).toISOString();
}

export function beingMadeOf(
  controller: Pick<Controller, "now">,
  { spec }: Pick<MatchedAccount, "spec">,
  { name, provisioningSince: since, id }: { name: string; provisioningSince: string; id?: string | undefined },
  told: ActualServer["provisioning"] = {},
): BeingMade {
  const deadline = Date.parse(since) + spec.deadlines.createSeconds * 1000;
  return {
    name,
    account: spec.name,
    ...(id === undefined ? {} : { id }),
    ...told,
    since,
    deadline: new Date(deadline).toISOString(),
    ...(controller.now() > deadline ? { overdue: true as const } : {}),
  };
}

/**
 * Looks once at each machine that is being made. What is ready is settled: its record is no longer watched, and where it differs from what was applied
 * (it runs and should not) it is suspect, so that the next preview shows an effect for it. Nothing is deleted or ordered here, whatever is seen.
 */
export async function watchBeingMade(
  controller: Controller,
  desired: Pick<Desired, "byIdentity">,
  signal: AbortSignal,
): Promise<Watched> {
  const watched: Watched = { beingMade: [], ready: [], gone: [] };
  const records = await controller.store.objects({ kind: "Server", provisioning: true });
  await inParallel(records, 8, async (record) => {
    const account = desired.byIdentity.get(record.account);
    if (account === undefined || account.spec.retired || record.cloudId === undefined) return;
    const about = (told: ActualServer["provisioning"], more: Partial<BeingMade> = {}) => {
      const one = { name: record.name, provisioningSince: record.provisioningSince!, id: record.cloudId };
      watched.beingMade.push({ ...beingMadeOf(controller, account, one, told), ...more });
    };
    const cloud = cloudOf(controller, account.spec.provider);
    let actual: ActualServer | undefined;
    try {
      actual = await lookAtServer(cloud, record.cloudId, callOn(controller, account.spec, signal), controller.sleep);
    } catch (error) {
      if (signal.aborted || !(error instanceof FleetError)) throw error;
      return about({}, { problem: error.message });
    }
    if (actual?.provisioning !== undefined) return about(actual.provisioning);
    if (actual?.power === "changing") return about({ step: actual.status });
    const { document, mark, name } = record;
    const ours = actual?.mark === mark;
    const differs =
      actual === undefined ||
      !ours ||
      (document.kind === "Server" && findDrift(cloud.expect(document, mark), actual).length > 0);
    if (!(await settle(controller, record, differs, signal))) return about({ step: actual?.status ?? "gone" });
    const where = { name, account: account.spec.name };
    if (actual === undefined) watched.gone.push(where);
    else watched.ready.push({ ...where, differs });
  });
  const byName = (a: { name: string }, b: { name: string }) => (a.name < b.name ? -1 : 1);
  for (const list of [watched.beingMade, watched.ready, watched.gone]) list.sort(byName);
  return watched;
}

/** What a preview says of it, besides the machines that are still being made. */
export function notesOf({ ready, gone }: Watched): string[] {
  return [
    ...ready.map(({ name, differs }) => `${name} is ready${differs ? ", and not yet as it is wanted" : ""}`),
    ...gone.map(({ name }) => `${name} was taken away by its cloud before it was ready`),
  ];
}

/** False when somebody is at work on its stack: their record is theirs to write, and the next look settles it. */
async function settle(
  controller: Controller,
  { account, name, stack, mark }: AppliedObject,
  differs: boolean,
  signal: AbortSignal,
): Promise<boolean> {
  const written = await whenFree(controller, stack, signal, async () => {
    const now = await controller.store.object(account, "Server", name);
    if (now?.mark !== mark || now.provisioningSince === undefined) return true;
    const { provisioningSince: _, ...ready } = now;
    await controller.store.putObjects([{ ...ready, refresh: ready.refresh || differs }]);
    return true;
  });
  return written === true;
}
