import type { ActualServer } from "../actual.ts";
import type { Call, PowerAction } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { poll } from "../poll.ts";
import type { NovaServer } from "./answers.ts";
import { openstack } from "./http.ts";
import { powerOf, readServer, serverPath, taskOf } from "./servers.ts";

/** All of them; `stop` is the same request as `shutdown`, because nova has one stop, which ends hard by itself when the guest takes too long. */
export const POWER_ACTIONS: readonly PowerAction[] = [
  "start",
  "shutdown",
  "stop",
  "reboot",
  "reset",
  "suspend",
  "resume",
];

const RESULT: Readonly<Record<PowerAction, ActualServer["power"]>> = {
  start: "running",
  resume: "running",
  reboot: "running",
  reset: "running",
  stop: "stopped",
  shutdown: "stopped",
  suspend: "suspended",
};

const MOST_REFUSALS = 5;

/** The body of `POST /servers/ID/action`. */
export type ServerAction = Readonly<Record<string, unknown>>;

/** Does one action and waits until the server is in the state it leads to. An action whose result is there already is done. */
export async function setPower(id: string, action: PowerAction, call: Call): Promise<void> {
  const wanted = RESULT[action];
  const restart = action === "reboot" || action === "reset";
  let restarted = false;
  let refusals = 0;
  await poll(call, `server ${id} to be ${wanted} (${action})`, async () => {
    const server = await existing(id, call);
    if (taskOf(server) !== undefined) return undefined;
    const power = powerOf(server);
    if (power === wanted && (!restart || restarted) && server.status !== "ERROR") return true;
    const body = restart && !restarted ? restartBody(action, power) : stepTowards(wanted, server);
    if (body === undefined) return undefined;
    const refusal = await act(id, body, call);
    if (refusal && ++refusals >= MOST_REFUSALS) throw refusal;
    restarted ||= restart && !refusal;
    return undefined;
  });
}

/** A machine that is off or asleep cannot be asked to reboot: it is started anew. */
function restartBody(action: PowerAction, power: ActualServer["power"]): ServerAction {
  return { reboot: { type: action === "reboot" && power === "running" ? "SOFT" : "HARD" } };
}

/** The next request on the way to a power state; undefined while only waiting helps. */
export function stepTowards(wanted: ActualServer["power"], server: NovaServer): ServerAction | undefined {
  switch (server.status) {
    case "ACTIVE":
    case "RESCUE":
      return wanted === "stopped" ? { "os-stop": null } : { suspend: null };
    case "SHUTOFF":
      return { "os-start": null };
    case "SUSPENDED":
      return { resume: null };
    case "PAUSED":
      return { unpause: null };
    case "SHELVED":
    case "SHELVED_OFFLOADED":
      return { unshelve: null };
    case "ERROR":
      // The one way out of it that keeps the machine.
      return wanted === "stopped" ? { "os-stop": null } : { reboot: { type: "HARD" } };
    default:
      return undefined;
  }
}

/**
 * Sends one action. A refusal for the state that the server is in is returned rather than thrown: nova may be at work, or an earlier attempt whose
 * answer was lost may have done it, so the caller looks again.
 */
export async function act(id: string, body: ServerAction, call: Call): Promise<FleetError | undefined> {
  try {
    await openstack(call, "compute", {
      method: "POST",
      path: `${serverPath(id)}/action`,
      json: body,
      answer: "none",
      idempotent: false,
    });
    return undefined;
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    if (error.code === "CLOUD_REFUSED" && error.at.status === 404) throw gone(id, error);
    if (error.code !== "CLOUD_REFUSED" || error.at.status !== 409) throw error;
    // Locked by its owner: waiting does not help.
    if (/locked/i.test(error.message)) throw error;
    return error;
  }
}

/** @throws {FleetError} NOT_FOUND */
export async function existing(id: string, call: Call): Promise<NovaServer> {
  const server = await readServer(call, id);
  if (!server) throw gone(id);
  return server;
}

function gone(id: string, cause?: unknown): FleetError {
  return new FleetError("NOT_FOUND", `there is no server ${id}`, { cloud: "openstack", server: id }, { cause });
}
