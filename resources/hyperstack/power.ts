import type { Call, PowerAction } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { poll } from "../poll.ts";
import type { PowerState } from "../spec.ts";
import { hyperstack } from "./http.ts";
import { existing, MACHINES, powerOf, settled } from "./machines.ts";

/** There is one way down, of which Hyperstack does not say that the guest is asked, and one restart, which is like pulling the plug. */
export const POWER_ACTIONS = ["start", "stop", "reset", "suspend", "resume"] as const satisfies readonly PowerAction[];

/** What is wanted, and by what request it is reached from each state that lasts. A hibernated machine has to come back before it can be stopped. */
const WAYS: Readonly<Record<string, { wanted: PowerState; from: Readonly<Record<PowerState, string>> }>> = {
  start: { wanted: "running", from: { running: "", stopped: "start", suspended: "hibernate-restore" } },
  resume: { wanted: "running", from: { running: "", stopped: "start", suspended: "hibernate-restore" } },
  stop: { wanted: "stopped", from: { running: "stop", stopped: "", suspended: "hibernate-restore" } },
  suspend: { wanted: "suspended", from: { running: "hibernate", stopped: "start", suspended: "" } },
};
/** More steps than any way has. */
const MOST_STEPS = 4;

/**
 * Power actions are GET requests, and each takes effect in one state only: asked for in another it is refused.
 * @see https://docs.hyperstack.cloud/docs/api-reference/virtual-machine
 */
export async function setPower(id: string, action: PowerAction, call: Call): Promise<void> {
  if (action === "reset") return reset(id, call);
  const way = WAYS[action];
  if (!way) {
    const message = `Hyperstack cannot ${action} a machine; it can ${POWER_ACTIONS.join(", ")}`;
    throw new FleetError("CLOUD_UNSUPPORTED", message, { cloud: "hyperstack", server: id });
  }
  for (let step = 0; step < MOST_STEPS; step++) {
    const power = powerOf(await settled(id, call));
    if (power === "changing" || power === way.wanted) return;
    await ask(id, way.from[power], power, call);
  }
  throw failed(id, way.wanted);
}

/** A machine that is not running has nothing to restart: starting it is all there is to do. */
async function reset(id: string, call: Call): Promise<void> {
  if (powerOf(await settled(id, call)) !== "running") return setPower(id, "start", call);
  await hyperstack(call, { method: "GET", path: `${MACHINES}/${id}/hard-reboot`, idempotent: false });
  await settled(id, call);
}

/** Asks for it, and waits until the machine is no longer what it was. */
async function ask(id: string, request: string, before: PowerState, call: Call): Promise<void> {
  // Without it the public address is given up, and another one comes back.
  const query = request === "hibernate" ? { query: { retain_ip: "true" } } : {};
  try {
    // Twice comes to the same: where the first took effect, the second is refused.
    await hyperstack(call, { method: "GET", path: `${MACHINES}/${id}/${request}`, idempotent: true, ...query });
  } catch (error) {
    const refused = error instanceof FleetError && error.code === "CLOUD_REFUSED";
    if (!refused || powerOf(await settled(id, call)) === before) throw error;
  }
  let begun = false;
  await poll(call, `${request} of machine ${id}`, async () => {
    const instance = await existing(id, call);
    const power = powerOf(instance);
    begun ||= power === "changing";
    if (power === "changing" || (power === before && !begun)) return undefined;
    if (power === before || instance.status === "ERROR") throw failed(id, request);
    return true;
  });
}

function failed(id: string, what: string): FleetError {
  const message = `Hyperstack did not do it: ${what} of machine ${id}`;
  return new FleetError("VERIFY_FAILED", message, { cloud: "hyperstack", server: id });
}
