import type { Call, PowerAction } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { poll } from "../poll.ts";
import type { PowerState } from "../spec.ts";
import { type Action, type Droplet, isAction, isDroplet } from "./answers.ts";
import { digitalocean, digitaloceanObject, invalidAnswer } from "./http.ts";

/** DigitalOcean's words for what we ask, and the state that it leaves. */
const ACTIONS = {
  start: { type: "power_on", leaves: "running" },
  shutdown: { type: "shutdown", leaves: "stopped" },
  stop: { type: "power_off", leaves: "stopped" },
  reboot: { type: "reboot", leaves: "running" },
  reset: { type: "power_cycle", leaves: "running" },
} as const satisfies Partial<Record<PowerAction, { type: string; leaves: PowerState }>>;

export const POWER_ACTIONS = Object.keys(ACTIONS) as (keyof typeof ACTIONS)[];

const STATES: Readonly<Record<string, PowerState>> = { active: "running", off: "stopped", archive: "suspended" };

export function powerOf(status: string): PowerState | "changing" {
  return STATES[status] ?? "changing";
}

/** @see https://docs.digitalocean.com/reference/api/reference/droplet-actions/ */
export async function setPower(id: string, action: PowerAction, call: Call): Promise<void> {
  if (!(action in ACTIONS)) {
    throw new FleetError("CLOUD_UNSUPPORTED", `DigitalOcean cannot ${action} a machine`, {
      cloud: "digitalocean",
      server: id,
    });
  }
  const wanted = ACTIONS[action as keyof typeof ACTIONS];
  const restart = action === "reboot" || action === "reset";
  const state = await settled(id, call);
  if (state === wanted.leaves && !restart) return;
  // A machine that is off cannot be restarted; restarting is to leave it running.
  await act(id, restart && state !== "running" ? "power_on" : wanted.type, !restart, call);
  const reached = async () => ((await existing(id, call)) === wanted.leaves ? true : undefined);
  await poll(call, `${wanted.type} of droplet ${id}`, reached);
}

async function act(id: string, type: string, idempotent: boolean, call: Call): Promise<void> {
  const path = `/v2/droplets/${id}/actions`;
  const { body } = await digitalocean<{ action?: unknown }>(call, { method: "POST", path, json: { type }, idempotent });
  const begun = body?.action;
  if (!isAction(begun)) throw invalidAnswer(call, "POST", path, "it names no action");
  const action = await poll(call, `${type} of droplet ${id}`, async () => {
    const now = await digitaloceanObject<Action>(call, `/v2/actions/${begun.id}`, "action", isAction);
    return now?.status === "in-progress" ? undefined : (now ?? { id: begun.id, status: "lost" });
  });
  if (action.status === "completed") return;
  const message = `DigitalOcean could not ${type} droplet ${id}: its action ${action.id} is ${action.status}`;
  throw new FleetError("CLOUD_REFUSED", message, { cloud: "digitalocean", server: id });
}

async function settled(id: string, call: Call): Promise<PowerState> {
  return poll(call, `droplet ${id} to settle`, async () => {
    const state = await existing(id, call);
    return state === "changing" ? undefined : state;
  });
}

async function existing(id: string, call: Call): Promise<PowerState | "changing"> {
  const droplet = await digitaloceanObject<Droplet>(call, `/v2/droplets/${id}`, "droplet", isDroplet);
  if (droplet) return powerOf(droplet.status);
  throw new FleetError("NOT_FOUND", `droplet ${id} is gone`, { cloud: "digitalocean", server: id });
}
