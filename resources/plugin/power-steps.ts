import type { ActualServer } from "../actual.ts";
import type { Call, Cloud, PowerAction } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import type { PowerState } from "../spec.ts";

/** How patient power actions are, in milliseconds, and by which clock. */
export interface Patience {
  /** A machine has this long to shut down by itself before it is stopped hard. */
  graceMs: number;
  /** A machine that was just made may be missing for this long. */
  missingMs: number;
  /** The cloud may be at work on a machine for this long before we give up. */
  changingMs: number;
  pollMs: number;
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

/** One machine, for the steps below. */
export interface Machine {
  cloud: Cloud;
  id: string;
  call(signal: AbortSignal): Call;
  signal: AbortSignal;
  patience: Patience;
  log(message: string): void;
}

/** More steps than any way from one state to another has. */
const MOST_STEPS = 6;

/**
 * Brings a machine to a power state from whatever it is in. False for one that is still being made ready, which may take hours: nobody waits for it
 * here, and no action is sent to it. `isForced`: to be stopped, it is switched off at once.
 * @throws {FleetError} NOT_FOUND, DEADLINE, VERIFY_FAILED when it does not stay in what was reached, and what the cloud's calls throw.
 */
export async function reach(machine: Machine, wanted: PowerState, isForced = false): Promise<boolean> {
  for (let step = 0; step < MOST_STEPS; step++) {
    const actual = await settled(machine);
    if (actual === undefined) return false;
    if (actual.power === wanted) return true;
    await act(machine, nextAction(machine.cloud, actual.power, wanted, isForced));
  }
  throw new FleetError("VERIFY_FAILED", `server ${machine.id} does not become ${wanted}`, { id: machine.id, wanted });
}

/** A machine that the cloud is not at work on. */
export type SettledServer = ActualServer & { power: PowerState };

/**
 * Waits until the cloud is no longer at work on the machine; undefined for one that is being made ready, which is not waited for.
 * @throws {FleetError} NOT_FOUND when the cloud says for `missingMs` that there is none, DEADLINE after `changingMs`.
 */
export async function settled(machine: Machine): Promise<SettledServer | undefined> {
  const { patience, signal } = machine;
  for (let waitedMs = 0; ; waitedMs += patience.pollMs) {
    const actual = await machine.cloud.observe(machine.id, machine.call(signal));
    if (actual?.provisioning) return undefined;
    if (actual && isSettled(actual)) return actual;
    if (!actual && waitedMs >= patience.missingMs) {
      throw new FleetError("NOT_FOUND", `there is no server ${machine.id}`, { id: machine.id });
    }
    if (waitedMs >= patience.changingMs) {
      throw new FleetError("DEADLINE", `server ${machine.id} is still ${actual?.status}`, { id: machine.id });
    }
    await patience.sleep(patience.pollMs, signal);
  }
}

export function isSettled(actual: ActualServer): actual is SettledServer {
  return actual.power !== "changing" && actual.provisioning === undefined;
}

function nextAction(cloud: Cloud, power: PowerState, wanted: PowerState, isForced: boolean): PowerAction {
  const can = (action: PowerAction) => cloud.capabilities.power.includes(action);
  switch (wanted) {
    case "running":
      return power === "suspended" && can("resume") ? "resume" : "start";
    case "stopped":
      // A suspended machine cannot answer a request to shut down.
      return power === "running" && can("shutdown") && !(isForced && can("stop")) ? "shutdown" : "stop";
    case "suspended":
      return power === "running" ? "suspend" : "start";
  }
}

/** Does one action and waits for it; a machine that does not shut down within its grace is stopped hard. */
export async function act(machine: Machine, action: PowerAction): Promise<void> {
  const { cloud, id, signal } = machine;
  machine.log(`${id}: ${action}`);
  if (action !== "shutdown" || !cloud.capabilities.power.includes("stop")) {
    return cloud.power(id, action, machine.call(signal));
  }
  const grace = new AbortController();
  const clock = new AbortController();
  machine.patience.sleep(machine.patience.graceMs, AbortSignal.any([clock.signal, signal])).then(
    () => grace.abort(new FleetError("DEADLINE", `server ${id} did not shut down in time`)),
    () => {}, // the shutdown was done, or all was given up, before
  );
  try {
    await cloud.power(id, "shutdown", machine.call(AbortSignal.any([signal, grace.signal])));
  } catch (error) {
    // Only for want of time: a cloud that refused the request is not asked for more.
    const overtime = grace.signal.aborted && error instanceof FleetError && error.code === "DEADLINE";
    if (signal.aborted || !overtime) throw error;
    machine.log(`${id}: stop, as it did not shut down within ${machine.patience.graceMs / 1000} s`);
    await cloud.power(id, "stop", machine.call(signal));
  } finally {
    clock.abort();
  }
}
