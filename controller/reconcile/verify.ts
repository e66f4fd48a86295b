import type { ActualServer, Call, Cloud } from "../../resources/cloud.ts";
import { FleetError } from "../../resources/errors.ts";
import { type Controller, callOn } from "./context.ts";
import { type FieldDrift, findDrift } from "./find-drift.ts";
import type { MatchedAccount } from "./match.ts";
import { lookTwice } from "./observe.ts";
import { inParallel } from "./pool.ts";
import type { ObjectResult } from "./stack-run.ts";
import { isServer } from "./types.ts";

/** Above this many machines one listing is cheaper than reading each. */
const LIST_FROM = 20;
const RETRY_MS = 500;

export interface Verified {
  result: ObjectResult;
  /** What still differs; empty says converged. */
  drift: FieldDrift[];
  /** Why it is not converged although nothing differs. */
  problem?: string;
}

/**
 * The last step before "converged" is said: a fresh look at every machine of a run. What an eventually consistent cloud does not show yet is
 * waited for, at most the account's settle time.
 */
export async function verify(
  controller: Controller,
  cloud: Cloud,
  account: MatchedAccount,
  results: ObjectResult[],
  signal: AbortSignal,
): Promise<Verified[]> {
  const call = callOn(controller, account.spec, signal);
  const servers = results.filter(({ work }) => (work.desired ?? work.applied?.document)?.kind === "Server");
  const listed = servers.length >= LIST_FROM ? await listAll(cloud, call) : undefined;
  const until = controller.now() + account.spec.deadlines.settleSeconds * 1000;
  return await inParallel(results, 16, async (result) => {
    if (!servers.includes(result)) return { result, drift: [] };
    return result.work.desired === undefined
      ? await verifyGone(controller, cloud, result, call, until)
      : await verifyPresent(controller, cloud, result, call, until, listed);
  });
}

async function verifyPresent(
  controller: Controller,
  cloud: Cloud,
  result: ObjectResult,
  call: Call,
  until: number,
  listed: ReadonlyMap<string, ActualServer> | undefined,
): Promise<Verified> {
  const { work } = result;
  const id = result.id ?? work.applied?.cloudId;
  if (id === undefined || work.desired === undefined || !isServer(work.desired))
    return { result, drift: [], problem: "the engine told no id for it" };
  const expected = cloud.expect(work.desired, work.mark);
  let actual = listed?.get(id);
  for (;;) {
    const drift = actual === undefined ? [] : findDrift(expected, actual);
    const settled = actual !== undefined && actual.power !== "changing";
    if (settled && drift.length === 0) return { result, drift: [] };
    if (controller.now() > until) {
      if (actual === undefined) return { result, drift: [], problem: `the cloud does not show ${id}` };
      return { result, drift: settled ? drift : [{ path: "power", desired: expected.power, actual: actual.status }] };
    }
    if (actual !== undefined || listed === undefined)
      await controller.sleep(actual === undefined ? 0 : RETRY_MS, call.signal);
    const next = await cloud.observe(id, call);
    if (next === undefined) await controller.sleep(RETRY_MS, call.signal);
    // Settled and differing twice in a row is drift, not delay.
    if (
      settled &&
      next !== undefined &&
      next.power !== "changing" &&
      findDrift(expected, next).length > 0 &&
      drift.length > 0
    ) {
      return { result, drift: findDrift(expected, next) };
    }
    actual = next;
  }
}

async function verifyGone(
  controller: Controller,
  cloud: Cloud,
  result: ObjectResult,
  call: Call,
  until: number,
): Promise<Verified> {
  const id = result.work.applied?.cloudId;
  if (id === undefined) return { result, drift: [] };
  for (;;) {
    const actual = await lookTwice(cloud, id, call, controller.sleep);
    // A cloud that gives an id to another machine later has its mark to tell by.
    if (actual === undefined || (actual.mark !== undefined && actual.mark !== result.work.applied?.mark))
      return { result, drift: [] };
    if (controller.now() > until)
      return { result, drift: [], problem: `the cloud still shows ${id} (${actual.status})` };
    await controller.sleep(RETRY_MS, call.signal);
  }
}

async function listAll(cloud: Cloud, call: Call): Promise<Map<string, ActualServer>> {
  const servers = new Map<string, ActualServer>();
  for await (const server of cloud.list(call)) servers.set(server.id, server);
  return servers;
}

/** @throws {FleetError} VERIFY_FAILED telling what differs. */
export function describeDrift(name: string, drift: FieldDrift[]): FleetError {
  const fields = drift.map(
    ({ path, desired, actual }) => `${path} is ${JSON.stringify(actual)}, wanted ${JSON.stringify(desired)}`,
  );
  return new FleetError("VERIFY_FAILED", `${name}: ${fields.join("; ")}`, { server: name });
}
