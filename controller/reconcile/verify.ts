import type { ActualServer } from "../../resources/actual.ts";
import type { Call, Cloud } from "../../resources/cloud.ts";
import { FleetError } from "../../resources/errors.ts";
import type { StackObject } from "../../resources/spec.ts";
import { canonicalJson } from "../fleet/canonical.ts";
import { type Controller, callOn } from "./context.ts";
import type { FieldDrift } from "./find-drift.ts";
import { canLook, glance, lookAt, sightOfServer } from "./look.ts";
import type { MatchedAccount } from "./match.ts";
import { inParallel } from "./pool.ts";
import type { ObjectResult } from "./results.ts";
import { isRulePath } from "./rules.ts";

/** Above this many machines one listing is cheaper than reading each. */
const LIST_FROM = 20;
const RETRY_MS = 500;

export interface Verified {
  result: ObjectResult;
  /** What still differs; empty says converged. */
  drift: FieldDrift[];
  /** Why it is not converged although nothing differs. */
  problem?: string;
  /** The machine is there and ours, and the cloud is still making it ready: nobody waits for that here. */
  provisioning?: NonNullable<ActualServer["provisioning"]>;
}

/**
 * The last step before "converged" is said: a fresh look at every machine and firewall of a run. What an eventually consistent cloud does not show yet is
 * waited for, at most the account's settle time. A machine that cannot be looked at has not converged, which says nothing of the others.
 */
export async function verify(
  controller: Controller,
  cloud: Cloud,
  account: MatchedAccount,
  results: ObjectResult[],
  signal: AbortSignal,
): Promise<Verified[]> {
  const call = callOn(controller, account.spec, signal);
  const present = results.filter(({ work }) => work.desired?.kind === "Server");
  const listed = present.length >= LIST_FROM ? await listAll(cloud, call) : new Map<string, ActualServer>();
  const look = { controller, cloud, call, until: controller.now() + account.spec.deadlines.settleSeconds * 1000 };
  return await inParallel(results, 16, async (result) => {
    if (!canLook(cloud, result.work.desired ?? result.work.applied?.document)) return { result, drift: [] };
    try {
      return result.work.desired === undefined
        ? await verifyGone(look, result)
        : await verifyPresent(look, result, listed);
    } catch (error) {
      if (signal.aborted || !(error instanceof FleetError)) throw error;
      return { result, drift: [], problem: `it could not be looked at: ${error.message}` };
    }
  });
}

interface Look {
  controller: Controller;
  cloud: Cloud;
  call: Call;
  /** Until when a difference may be the cloud's delay. */
  until: number;
}

const isLong = (cloud: Cloud, document: StackObject): boolean =>
  document.kind === "Server" && cloud.capabilities.provisioning?.(document) === "long";

/** The same difference twice in a row is drift, not delay; nothing else than an observation without any is "converged". */
async function verifyPresent(
  { controller, cloud, call, until }: Look,
  result: ObjectResult,
  listed: ReadonlyMap<string, ActualServer>,
): Promise<Verified> {
  const { desired, mark, applied } = result.work;
  const id = result.id ?? applied?.cloudId;
  if (id === undefined || desired === undefined) return { result, drift: [], problem: "the engine told no id for it" };
  let before: string | undefined;
  for (let shown = listed.get(id); ; shown = undefined) {
    const isEnough = shown !== undefined && desired.kind === "Server" && desired.rules === undefined;
    const sight = isEnough
      ? sightOfServer(cloud, desired, mark, shown!)
      : await glance(cloud, { document: desired, mark }, id, call);
    const late = controller.now() >= until;
    if (sight === undefined) {
      if (late) return { result, drift: [], problem: `the cloud does not show ${id}` };
    } else if (sight.provisioning !== undefined && isLong(cloud, desired)) {
      // Some clouds show the mark only once it is ready.
      if (sight.mark === undefined || sight.mark === mark)
        return { result, drift: [], provisioning: sight.provisioning };
      return { result, drift: [], problem: `${id} carries the mark ${sight.mark}, which is another machine's` };
    } else if (sight.busy) {
      if (late) return { result, drift: [], problem: `the cloud is still at work on ${id} (${sight.status})` };
    } else {
      const { drift } = sight;
      if (desired.kind === "Snapshot" && sight.mark !== mark)
        return { result, drift: [], problem: `${id} does not carry our mark ${mark}: it may be another's snapshot` };
      if (drift.length === 0) return { result, drift };
      const found = canonicalJson(drift);
      if (late || found === before) return { result, drift };
      before = found;
    }
    await controller.sleep(RETRY_MS, call.signal);
  }
}

async function verifyGone({ controller, cloud, call, until }: Look, result: ObjectResult): Promise<Verified> {
  const { cloudId, mark } = result.work.applied!;
  if (cloudId === undefined) return { result, drift: [] };
  for (;;) {
    const sight = await lookAt(cloud, result.work.applied!, cloudId, call, controller.sleep);
    // A cloud that gives an id to another machine later has its mark to tell by.
    if (sight === undefined || (sight.mark !== undefined && sight.mark !== mark)) return { result, drift: [] };
    // Its removal has been accepted, and nobody can do more.
    if (sight.leaving) return { result, drift: [] };
    if (controller.now() >= until) {
      const status = sight.status === undefined ? "" : ` (${sight.status})`;
      const problem = `the cloud still shows ${cloudId}${status}; the next apply removes it`;
      return { result, drift: [], problem };
    }
    await controller.sleep(RETRY_MS, call.signal);
  }
}

/** A list only saves reads: without one every machine is read by itself. */
async function listAll(cloud: Cloud, call: Call): Promise<Map<string, ActualServer>> {
  const servers = new Map<string, ActualServer>();
  try {
    for await (const server of cloud.list(call)) servers.set(server.id, server);
  } catch (error) {
    if (call.signal.aborted || !(error instanceof FleetError)) throw error;
  }
  return servers;
}

/** `size is "s-2", wanted "s-1"`; of a rule, that it is missing or one too many. */
export function driftWords({ path, desired, actual }: FieldDrift): string {
  if (!isRulePath(path)) return `${path} is ${JSON.stringify(actual)}, wanted ${JSON.stringify(desired)}`;
  return desired === undefined ? `the rule "${actual}" is one too many` : `the rule "${desired}" is missing`;
}

/** @throws {FleetError} VERIFY_FAILED telling what differs. */
export function describeDrift(name: string, drift: FieldDrift[]): FleetError {
  return new FleetError("VERIFY_FAILED", `${name}: ${drift.map(driftWords).join("; ")}`, { server: name });
}
