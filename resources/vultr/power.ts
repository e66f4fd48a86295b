import type { Call, PowerAction } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { poll } from "../poll.ts";
import type { PowerState } from "../spec.ts";
import { type BareMetal, type Instance, isBareMetal, isInstance } from "./answers.ts";
import { vultr, vultrObject } from "./http.ts";
import { placeOf } from "./ids.ts";

/** What Vultr has: switching on, off, and off and on again. It asks no guest to shut down, and puts nothing to sleep. */
export const POWER_ACTIONS = ["start", "stop", "reboot", "reset"] as const satisfies readonly PowerAction[];

/** A machine that still says so after this long is not being installed any more: its guest never reported. */
const LONGEST_INSTALL_MS = 30 * 60_000;

/** `status` tells of the subscription, `power_status` of the switch and `server_status` of the guest: only together they say whether it runs. */
export function powerOf(instance: Instance, now = Date.now()): PowerState | "changing" {
  const { status, power_status: power, server_status: server, date_created: created } = instance;
  if (status === "suspended") return "suspended";
  if (status !== "active" || server === "locked") return "changing";
  if (power === "stopped") return "stopped";
  if (power !== "running") return "changing";
  const ageMs = created === undefined ? Number.POSITIVE_INFINITY : now - Date.parse(created);
  return server === "installingbooting" && ageMs < LONGEST_INSTALL_MS ? "changing" : "running";
}

/** Nothing tells whether bare metal is switched on: one that is ready counts as running. */
export function metalPowerOf({ status }: BareMetal): PowerState | "changing" {
  if (status === "suspended") return "suspended";
  return status === "active" ? "running" : "changing";
}

/** @see https://www.vultr.com/api/#operation/halt-instance */
export async function setPower(id: string, action: PowerAction, call: Call): Promise<void> {
  const { kind, path } = placeOf(id);
  const at = { cloud: "vultr", server: id };
  const can: readonly PowerAction[] = POWER_ACTIONS;
  if (!can.includes(action)) {
    const message = `Vultr cannot ${action} a machine; it can ${POWER_ACTIONS.join(", ")}`;
    throw new FleetError("CLOUD_UNSUPPORTED", message, at);
  }
  const wanted: PowerState = action === "stop" ? "stopped" : "running";
  const state = await settled(id, call);
  if (state === "suspended")
    throw new FleetError("CLOUD_REFUSED", `Vultr has suspended ${id}: nothing switches it`, at);
  const restarts = action === "reboot" || action === "reset";
  // Starting what runs would restart it; only bare metal does not tell.
  if (kind === "instances" && state === wanted && !restarts) return;
  const command = restarts && state === "running" ? "reboot" : wanted === "running" ? "start" : "halt";
  const idempotent = command === "halt";
  await vultr(call, { method: "POST", path: `${path}/${command}`, answer: "none", idempotent });
  if (kind === "instances")
    await poll(call, `${command} of ${id}`, async () => ((await stateOf(id, call)) === wanted ? true : undefined));
}

async function settled(id: string, call: Call): Promise<PowerState> {
  return poll(call, `${id} to settle`, async () => {
    const state = await stateOf(id, call);
    return state === "changing" ? undefined : state;
  });
}

async function stateOf(id: string, call: Call): Promise<PowerState | "changing"> {
  const { kind } = placeOf(id);
  if (kind === "instances") {
    const instance = await readInstance(id, call);
    if (instance) return powerOf(instance);
  } else {
    const metal = await readMetal(id, call);
    if (metal) return metalPowerOf(metal);
  }
  throw new FleetError("NOT_FOUND", `${id} is gone`, { cloud: "vultr", server: id });
}

export function readInstance(id: string, call: Call): Promise<Instance | undefined> {
  return vultrObject<Instance>(call, placeOf(id).path, "instance", isInstance, /invalid instance/i);
}

export function readMetal(id: string, call: Call): Promise<BareMetal | undefined> {
  return vultrObject<BareMetal>(call, placeOf(id).path, "bare_metal", isBareMetal, /invalid server/i);
}
