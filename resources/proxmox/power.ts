import { setTimeout as delay } from "node:timers/promises";
import type { ActualServer } from "../actual.ts";
import type { Call, PowerAction } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { runTask } from "./tasks.ts";
import { powerOf, readStatus, type VmPlace, vmPath } from "./vms.ts";

/** A system that does not answer is asked again this often, so that a hard stop need not wait for the machine's lock for long. */
const ASK_SECONDS = 20;
const PAUSE_MS = 1_000;

const RESULT: Readonly<Record<PowerAction, ActualServer["power"] | undefined>> = {
  start: "running",
  resume: "running",
  stop: "stopped",
  shutdown: "stopped",
  suspend: "suspended",
  reboot: undefined,
  reset: undefined,
};

/** Does one action and waits for its task. An action whose result is there already is done. */
export async function act(call: Call, place: VmPlace, action: PowerAction): Promise<void> {
  const now = await powerNow(call, place);
  if (RESULT[action] !== undefined && RESULT[action] === now) return;
  // A machine that is paused is not started but goes on.
  if (action === "start" && now === "suspended") return run(call, place, "resume");
  if (action === "shutdown") return shutDown(call, place);
  // A shutdown that nobody answers holds the machine's lock.
  await run(call, place, action, action === "stop" ? { "overrule-shutdown": true } : {});
}

async function shutDown(call: Call, place: VmPlace): Promise<void> {
  for (;;) {
    try {
      return await run(call, place, "shutdown", { timeout: ASK_SECONDS });
    } catch (error) {
      const unheard = error instanceof FleetError && error.code === "CLOUD_REFUSED";
      if (!unheard || (await powerNow(call, place)) !== "running") throw error;
      await delay(PAUSE_MS, undefined, { signal: call.signal }).catch(() => {
        if (call.signal.reason instanceof FleetError) throw call.signal.reason;
        throw new FleetError("DEADLINE", error.message, error.at, { cause: error });
      });
    }
  }
}

async function powerNow(call: Call, place: VmPlace): Promise<ActualServer["power"]> {
  const status = await readStatus(call, place);
  return powerOf(status.qmpstatus ?? status.status, status.lock);
}

async function run(
  call: Call,
  place: VmPlace,
  action: PowerAction,
  form: Record<string, string | number | boolean> = {},
): Promise<void> {
  // Starting, stopping and pausing twice comes to the same; restarting twice does not.
  const idempotent = RESULT[action] !== undefined;
  try {
    await runTask(call, place.node, { method: "POST", path: `${vmPath(place)}/status/${action}`, form, idempotent });
  } catch (error) {
    // An attempt whose answer was lost may have done it, and the second one is then refused.
    const refused = error instanceof FleetError && error.code === "CLOUD_REFUSED";
    if (!refused || !idempotent || (await powerNow(call, place)) !== RESULT[action]) throw error;
  }
}
