import type { Call, PowerAction } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { poll } from "../poll.ts";
import type { PowerState } from "../spec.ts";
import { isLeaving, powerOf } from "./devices.ts";
import { equinix, readDevice } from "./http.ts";

/** Metal's words for what we ask, and the state that it leaves. All of it is done at the machine's board, without asking its operating system. */
const ACTIONS = {
  start: { type: "power_on", leaves: "running" },
  stop: { type: "power_off", leaves: "stopped" },
  reboot: { type: "reboot", leaves: "running" },
  reset: { type: "reboot", leaves: "running" },
} as const satisfies Partial<Record<PowerAction, { type: string; leaves: PowerState }>>;

export const POWER_ACTIONS = Object.keys(ACTIONS) as (keyof typeof ACTIONS)[];

/** @see https://deploy.equinix.com/developers/docs/metal/server-metadata/server-actions/ */
export async function setPower(id: string, action: PowerAction, call: Call): Promise<void> {
  if (!(action in ACTIONS)) {
    const message = `Equinix Metal cannot ${action} a machine; it can ${POWER_ACTIONS.join(", ")}`;
    throw new FleetError("CLOUD_UNSUPPORTED", message, { cloud: "equinix", server: id });
  }
  const wanted = ACTIONS[action as keyof typeof ACTIONS];
  const restarts = wanted.type === "reboot";
  const state = await settled(id, call);
  if (state === wanted.leaves && !restarts) return;
  // A machine that is off cannot be restarted; restarting is to leave it running.
  const type = restarts && state !== "running" ? "power_on" : wanted.type;
  await equinix(call, {
    method: "POST",
    path: `/devices/${id}/actions`,
    json: { type },
    idempotent: false,
    answer: "none",
  });
  await poll(call, `${type} of device ${id}`, async () =>
    (await stateOf(id, call)) === wanted.leaves ? true : undefined,
  );
}

async function settled(id: string, call: Call): Promise<PowerState> {
  return poll(call, `device ${id} to settle`, async () => {
    const state = await stateOf(id, call);
    return state === "changing" ? undefined : state;
  });
}

/** @throws {FleetError} NOT_FOUND, CLOUD_REFUSED for a device that could not be made ready */
async function stateOf(id: string, call: Call): Promise<PowerState | "changing"> {
  const device = await readDevice(call, id);
  const at = { cloud: "equinix", server: id };
  if (!device || isLeaving(device)) throw new FleetError("NOT_FOUND", `device ${id} is gone`, at);
  if (device.state === "failed")
    throw new FleetError("CLOUD_REFUSED", `device ${id} has failed: it could not be made ready`, at);
  return powerOf(device.state);
}
