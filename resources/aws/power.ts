import type { Call, PowerAction } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { poll } from "../poll.ts";
import type { PowerState } from "../spec.ts";
import { ec2 } from "./http.ts";
import { instanceOf, partsOf } from "./instances.ts";
import { powerOf } from "./power-words.ts";

/** EC2 has no hard restart, and suspends (hibernates) only machines made for it: a stop and a start would take the public address. */
export const POWER_ACTIONS = ["start", "shutdown", "stop", "reboot"] as const satisfies readonly PowerAction[];

/**
 * A shutdown asks the guest and becomes hard after some minutes; `stop` is hard at once. A reboot asks the guest, and shows in no state: it is done
 * when EC2 has taken it. @see https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_StopInstances.html
 */
export async function setPower(id: string, action: PowerAction, call: Call): Promise<void> {
  switch (action) {
    case "start":
      return reach(id, "running", "StartInstances", {}, call);
    case "shutdown":
      return reach(id, "stopped", "StopInstances", {}, call);
    case "stop":
      return reach(id, "stopped", "StopInstances", { Force: true }, call);
    case "reboot":
      if ((await settled(id, call)) !== "running") return reach(id, "running", "StartInstances", {}, call);
      return act(id, "RebootInstances", {}, false, call);
    default:
      throw new FleetError("CLOUD_UNSUPPORTED", `AWS cannot ${action} a machine; it can ${POWER_ACTIONS.join(", ")}`, {
        cloud: "aws",
        server: id,
      });
  }
}

async function reach(
  id: string,
  state: PowerState,
  action: "StartInstances" | "StopInstances",
  parameters: { Force?: boolean },
  call: Call,
): Promise<void> {
  // One that is on its way down and does not get there is what a hard stop is for.
  const now = parameters.Force ? await existing(id, call) : await settled(id, call);
  if (now === state) return;
  await act(id, action, parameters, true, call);
  await poll(call, `${action} of ${id}`, async () => ((await existing(id, call)) === state ? true : undefined));
}

async function act(
  id: string,
  action: string,
  parameters: { Force?: boolean },
  idempotent: boolean,
  call: Call,
): Promise<void> {
  const { region, instance } = partsOf(id);
  await ec2(call, region, action, { "InstanceId.1": instance, ...parameters }, { idempotent });
}

async function settled(id: string, call: Call): Promise<PowerState> {
  return poll(call, `instance ${id} to settle`, async () => {
    const state = await existing(id, call);
    return state === "changing" ? undefined : state;
  });
}

async function existing(id: string, call: Call): Promise<PowerState | "changing"> {
  const found = await instanceOf(id, call);
  const state = found?.instance.instanceState.name;
  if (state === undefined || state === "shutting-down")
    throw new FleetError("NOT_FOUND", `instance ${id} is gone`, { cloud: "aws", server: id });
  return powerOf(state);
}
