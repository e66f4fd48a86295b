import type { Call, PowerAction } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { poll } from "../poll.ts";
import type { PowerState } from "../spec.ts";
import { type Event, type Instance, isEvent, isInstance } from "./answers.ts";
import { linode, linodeList, linodeObject } from "./http.ts";

export const POWER_ACTIONS = ["start", "shutdown", "stop", "reboot", "reset"] as const satisfies readonly PowerAction[];

/** Linode's words for a machine that stays as it is; every other status means that it is at work on it. */
const STEADY: Readonly<Record<string, PowerState>> = {
  running: "running",
  offline: "stopped",
  stopped: "stopped",
  billing_suspension: "suspended",
};

export function powerOf(status: string): PowerState | "changing" {
  return STEADY[status] ?? "changing";
}

/**
 * Linode has one way down (`shutdown`, which it makes a hard stop when the guest does not answer in time) and one restart, so `stop` and `reset`
 * are these too. @see https://techdocs.akamai.com/linode-api/reference/post-shutdown-linode-instance
 */
export async function setPower(id: string, action: PowerAction, call: Call): Promise<void> {
  switch (action) {
    case "start":
      return reach(id, "running", "boot", call);
    case "shutdown":
    case "stop":
      return reach(id, "stopped", "shutdown", call);
    case "reboot":
    case "reset":
      return reboot(id, call);
    default:
      throw new FleetError("CLOUD_UNSUPPORTED", `Linode cannot ${action} a machine`, { cloud: "linode", server: id });
  }
}

async function reach(id: string, state: PowerState, command: "boot" | "shutdown", call: Call): Promise<void> {
  if ((await settled(id, call)) === state) return;
  await linode(call, {
    method: "POST",
    path: `/v4/linode/instances/${id}/${command}`,
    json: {},
    idempotent: true,
    answer: "none",
  });
  await poll(call, `${command} of Linode ${id}`, async () => ((await existing(id, call)) === state ? true : undefined));
}

/** A reboot shows in no state that lasts, so it is followed by its event: one that was not there before. */
async function reboot(id: string, call: Call): Promise<void> {
  if ((await settled(id, call)) !== "running") return reach(id, "running", "boot", call);
  const before = new Set((await rebootEvents(id, call)).map((event) => event.id));
  await linode(call, { method: "POST", path: `/v4/linode/instances/${id}/reboot`, json: {}, answer: "none" });
  const event = await poll(call, `reboot of Linode ${id}`, async () => {
    const fresh = (await rebootEvents(id, call)).find((candidate) => !before.has(candidate.id));
    return fresh && ["finished", "failed", "notification"].includes(fresh.status) ? fresh : undefined;
  });
  if (event.status === "failed") {
    const message = `Linode could not reboot ${id}${event.message ? `: ${event.message}` : ""}`;
    throw new FleetError("CLOUD_REFUSED", message, { cloud: "linode", server: id });
  }
  await poll(call, `reboot of Linode ${id}`, async () => ((await existing(id, call)) === "running" ? true : undefined));
}

async function settled(id: string, call: Call): Promise<PowerState> {
  return poll(call, `Linode ${id} to settle`, async () => {
    const state = await existing(id, call);
    return state === "changing" ? undefined : state;
  });
}

async function existing(id: string, call: Call): Promise<PowerState | "changing"> {
  const instance = await linodeObject<Instance>(call, `/v4/linode/instances/${id}`, isInstance);
  if (instance) return powerOf(instance.status);
  throw new FleetError("NOT_FOUND", `Linode ${id} is gone`, { cloud: "linode", server: id });
}

async function rebootEvents(id: string, call: Call): Promise<Event[]> {
  const filter = {
    "+order": "desc",
    "+order_by": "created",
    action: "linode_reboot",
    "entity.id": Number(id),
    "entity.type": "linode",
  };
  return linodeList<Event>(call, "/v4/account/events", isEvent, filter);
}
