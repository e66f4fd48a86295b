import type { AppliedObject } from "../store/types.ts";
import { acceptedFiles } from "./accept-files.ts";
import { commitFiles } from "./commit-files.ts";
import { type Controller, callOn, cloudOf } from "./context.ts";
import { withCounters } from "./counters.ts";
import { type Desired, readDesired } from "./desired.ts";
import { liveDifferences } from "./differences.ts";
import type { AccountDrift, ObjectDrift } from "./drift.ts";
import { stateOnly } from "./engine-preview.ts";
import { withLeases } from "./leases.ts";
import { lookAt } from "./look.ts";
import { type Match, matchObjects } from "./match.ts";
import { isRulePath } from "./rules.ts";
import { settledWork } from "./settled.ts";
import { runStack, type StackTask } from "./stack-run.ts";
import { objectKey, type Work } from "./types.ts";

export interface Accepted {
  /** Undefined when nothing could be accepted. */
  commit?: string;
  accepted: string[];
  /** What only a revert, or a person, can settle. */
  refused: { name: string; reason: string }[];
}

/**
 * Accepts drift: one commit that splices the actual values into the files, then a refresh of state, after which the preview is empty. A server
 * that is gone loses its file; a firewall or a port that is gone is only to be reverted, since servers name it.
 */
export async function accept(
  controller: Controller,
  desired: Desired,
  accounts: AccountDrift[],
  author: { name: string; email: string },
  signal: AbortSignal,
): Promise<Accepted> {
  const { files, taken, refused } = await acceptedFiles(controller, desired, accounts, signal);
  const result: Accepted = { accepted: [], refused };
  if (taken.length === 0) return result;
  const names = taken.map(({ name }) => name);
  const message = `Accept drift of ${names.length > 5 ? `${names.length} objects` : names.join(", ")}\n\n${taken.flatMap(describe).join("\n")}\n`;
  result.commit = await commitFiles(controller, desired.commit, files, { message, author });
  result.accepted = names;
  await settle(controller, result.commit, taken, signal);
  return result;
}

function describe({ name, kind, fields }: ObjectDrift): string[] {
  if (kind === "gone") return [`${name}: gone from the cloud`];
  return fields.map(({ path, desired, actual }) => {
    if (isRulePath(path)) return `${name}: ${desired === undefined ? `+ ${actual}` : `- ${desired}`}`;
    return `${name}: ${path} ${JSON.stringify(desired)} -> ${JSON.stringify(actual)}`;
  });
}

const keyOf = ({ object, account, name }: ObjectDrift): string => objectKey({ kind: object, account, name });

/** State and records follow: each group is read from the cloud, and what now is as the files say is recorded as applied. */
async function settle(
  controller: Controller,
  commit: string,
  taken: ObjectDrift[],
  signal: AbortSignal,
): Promise<void> {
  const desired = await readDesired(controller, commit, signal);
  const keys = new Set(taken.map(keyOf));
  const matched = async () =>
    matchObjects(desired.objects, await controller.store.objects(), desired.accounts).filter(
      ({ applied, desired }) => applied !== undefined && keys.has(objectKey(desired?.spec ?? applied.document)),
    );
  const stacks = new Set((await matched()).map((match) => match.applied!.stack));
  await withLeases(controller, [...stacks], signal, async (signal) => {
    // Looked at again: whoever had the stacks before may have changed the records.
    const matches = (await matched()).filter((match) => stacks.has(match.applied!.stack));
    await settleStacks(controller, desired, matches, taken, signal);
  });
}

async function settleStacks(
  controller: Controller,
  desired: Desired,
  matches: Match[],
  taken: ObjectDrift[],
  signal: AbortSignal,
): Promise<void> {
  const { commit } = desired;
  for (const [stack, members] of Map.groupBy(matches, (match) => match.applied!.stack)) {
    const account = desired.byIdentity.get(members[0]!.applied!.account)!;
    const works = members.map(refreshing);
    const task = { stack, account, declare: [], remove: works };
    const { objects } = await runStack(controller, task, "refresh", commit, signal);
    // What could not be refreshed in state stays suspect.
    const unread = new Set(objects.filter(({ errors }) => errors.length > 0).map(({ work }) => work.identity));
    const cloud = cloudOf(controller, account.spec.provider);
    const call = callOn(controller, account.spec, signal);
    const accepted: AppliedObject[] = [];
    for (const match of members) {
      const record = match.applied!;
      const spec = match.desired?.spec;
      const wanted = { document: spec ?? record.document, mark: record.mark };
      const sight = await lookAt(cloud, wanted, record.cloudId!, call, controller.sleep);
      if (spec === undefined && sight === undefined) {
        await controller.store.removeObjects([
          { account: record.account, kind: record.kind, identity: record.identity },
        ]);
      } else if (spec !== undefined && sight?.drift.length === 0) {
        if (onlyAccepted(match, taken)) {
          accepted.push({
            ...record,
            document: withCounters(spec, record.document),
            hash: match.desired!.hash,
            commit,
            refresh: unread.has(record.identity),
          });
        }
      }
    }
    await controller.store.putObjects(accepted);
    const settled = accepted.filter(({ refresh }) => !refresh).map(settledWork);
    await bringAlong(controller, { stack, account, declare: settled, remove: [] }, commit, signal);
  }
}

/** A refresh reads what the cloud has and no more: inputs of state that follow from the files are brought along where no machine is touched. */
async function bringAlong(controller: Controller, task: StackTask, commit: string, signal: AbortSignal): Promise<void> {
  if (task.declare.length === 0) return;
  const declare = await stateOnly(controller, task, commit, signal);
  if (declare.length > 0) await runStack(controller, { ...task, declare }, "up", commit, signal);
}

/** An edit that nobody has executed yet stays one: only what was accepted counts as applied. */
function onlyAccepted({ applied, desired }: Match, taken: ObjectDrift[]): boolean {
  const drift = taken.find((candidate) => keyOf(candidate) === objectKey(desired!.spec));
  const accepted = new Set(drift?.fields.map(({ path }) => path.split(/[.[]/)[0]!));
  return liveDifferences(applied!.document, desired!.spec).every(({ path }) => accepted.has(path.split(/[.[]/)[0]!));
}

/** A group that is only read: nothing of it is declared. */
function refreshing(match: Match): Work {
  const { desired: _declared, ...work } = settledWork(match.applied!);
  return { ...work, refresh: true };
}
