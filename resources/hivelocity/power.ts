import type { Call, PowerAction } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { poll } from "../poll.ts";
import { invalidAnswer, send } from "./http.ts";
import { devicePath, parseId } from "./ids.ts";
import { powerOf } from "./states.ts";

export const POWER_ACTIONS = ["start", "shutdown", "reboot"] as const satisfies readonly PowerAction[];

type Command = "boot" | "shutdown" | "reboot";

/**
 * Hivelocity has three actions and tells of a device ON, OFF, or PENDING in between. The machine's own controller does them: there is no forced stop and no reset
 * beside them.
 */
export async function setPower(id: string, action: PowerAction, call: Call): Promise<void> {
  switch (action) {
    case "start":
      return reach(id, "running", "boot", call);
    case "shutdown":
      return reach(id, "stopped", "shutdown", call);
    case "reboot": {
      // A machine that is off has nothing to reboot: the wish is that it runs.
      const command = (await settled(id, call)) === "running" ? "reboot" : "boot";
      await act(id, command, call);
      return await until(id, "running", command, call);
    }
    default: {
      const message = `Hivelocity cannot ${action} a device; it can ${POWER_ACTIONS.join(", ")}`;
      throw new FleetError("CLOUD_UNSUPPORTED", message, { cloud: "hivelocity", server: id });
    }
  }
}

async function reach(id: string, state: "running" | "stopped", command: Command, call: Call): Promise<void> {
  if ((await settled(id, call)) === state) return;
  await act(id, command, call);
  await until(id, state, command, call);
}

async function act(id: string, action: Command, call: Call): Promise<void> {
  await send(call, {
    method: "POST",
    path: `${devicePath(parseId(id))}/power`,
    query: { action },
    answer: "none",
    // Booting and shutting down twice come to the same; rebooting twice does not.
    idempotent: action !== "reboot",
  });
}

async function until(id: string, state: "running" | "stopped", command: Command, call: Call): Promise<void> {
  await poll(call, `${command} of device ${id}`, async () => ((await powerNow(id, call)) === state ? true : undefined));
}

async function settled(id: string, call: Call): Promise<"running" | "stopped"> {
  return await poll(call, `device ${id} to be at rest`, async () => {
    const now = await powerNow(id, call);
    return now === "changing" ? undefined : now;
  });
}

async function powerNow(id: string, call: Call): Promise<"running" | "stopped" | "changing"> {
  const path = `${devicePath(parseId(id))}/power`;
  const { body } = await send<{ powerStatus?: unknown } | null>(call, { method: "GET", path });
  if (typeof body?.powerStatus !== "string") throw invalidAnswer(call, "GET", path, "it tells no power status");
  return powerOf(body.powerStatus);
}
