import { setTimeout as delay } from "node:timers/promises";
import type { Call, Cloud } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import type { PowerState } from "../spec.ts";
import { diffInputs } from "./diff.ts";
import { type HandlerContext, PartialUpdate, type PropertyMap, type ResourceHandler } from "./handler.ts";
import { checkFields, type Fields, resourceSchema } from "./inputs.ts";
import { act, isSettled, type Machine, type Patience, reach, settled } from "./power-steps.ts";
import { errorMessage } from "./status.ts";

export interface PowerOptions {
  cloud: Cloud;
  /** A call of the account that the machines belong to. */
  call(signal: AbortSignal): Call;
  /** Defaults: 60 s grace, 15 s missing, 10 min changing, polled every 2 s. */
  patience?: Partial<Patience>;
}

/** A read waits this long for the cloud to be done with a machine. */
const READ_CHANGING_MS = 10_000;

const PATIENCE: Patience = {
  graceMs: 60_000,
  missingMs: 15_000,
  changingMs: 600_000,
  pollMs: 2_000,
  sleep: async (ms, signal) => void (await delay(ms, undefined, { signal })),
};

const TYPE = "fleetwright:index:Power";

/** The type as the package's schema has it. */
export function powerSchema(cloud: Cloud): Record<string, object> {
  return { [TYPE]: resourceSchema("The power of a server, and the restarts asked for.", fieldsFor(cloud)) };
}

/** `fleetwright:index:Power` for any cloud: the state of a machine, and counters whose raising reboots or resets it. */
export function powerHandler(options: PowerOptions): ResourceHandler {
  const { cloud } = options;
  const patience = { ...PATIENCE, ...options.patience };
  const fields = fieldsFor(cloud);

  const machine = (id: string, context: HandlerContext): Machine => ({
    cloud,
    id,
    call: options.call,
    signal: context.signal,
    patience,
    log: context.log,
  });

  return {
    type: TYPE,

    async check(inputs, old) {
      const checked = checkFields(inputs, fields);
      // A lowered counter does nothing, and raising it again up to where it was does nothing either: state keeps the highest.
      for (const counter of ["reboot", "reset"] as const) {
        const before = old?.[counter];
        const now = checked.inputs[counter];
        if (typeof before === "number" && typeof now === "number") checked.inputs[counter] = Math.max(before, now);
      }
      return checked;
    },

    async diff(_id, old, news) {
      return diffInputs(old.inputs, news, { replaceOn: ["server"] });
    },

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: inputs };
      const { server, state, forced } = parse(inputs);
      await reachOrLeave(machine(server, context), state, forced);
      return { id: server, outputs: inputs };
    },

    async read(id, known, context) {
      const actual = await observeSettled(machine(id, context));
      if (!actual) return undefined;
      const state = isSettled(actual) ? actual.power : known.inputs.state;
      if (state === undefined) throw new FleetError("DEADLINE", `server ${id} is still ${actual.status}`, { id });
      const inputs: PropertyMap = { reboot: 0, reset: 0, ...known.inputs, server: id, state };
      return { id, inputs, outputs: inputs };
    },

    async update(id, old, news, context) {
      if (context.preview) return news;
      const wanted = parse(news);
      const here = machine(id, context);
      const restarted = wanted.state === "running" && (await restart(here, countersOf(old.inputs), wanted));
      try {
        await reachOrLeave(here, wanted.state, wanted.forced);
      } catch (error) {
        // The counters are spent: kept in state, so that the next run makes sure of the power state and restarts nothing again.
        if (restarted) throw new PartialUpdate(news, [errorMessage(error)], { cause: error });
        throw error;
      }
      return news;
    },

    // A machine outlives its Power: whoever deletes the machine stops it.
    async delete() {},
  };
}

/** What is being made ready is left to the cloud: whoever watches it sees the difference once it is there. */
async function reachOrLeave(machine: Machine, wanted: PowerState, isForced: boolean): Promise<void> {
  if (await reach(machine, wanted, isForced)) return;
  machine.log(`${machine.id}: the cloud is still making it ready; "${wanted}" is looked at again when it is there`);
}

interface Counters {
  reboot: number;
  reset: number;
}

/** Acts on raised counters. A machine that does not run has nothing to restart: starting it is all there is to do; nor has one that is being made. */
async function restart(machine: Machine, before: Counters, wanted: Counters): Promise<boolean> {
  const reset = wanted.reset > before.reset;
  if (!reset && wanted.reboot <= before.reboot) return false;
  if ((await settled(machine))?.power !== "running") return false;
  await act(machine, reset ? "reset" : "reboot");
  return true;
}

/** As the cloud has it now, after a short wait for what it is doing; undefined when it is gone. */
async function observeSettled(machine: Machine) {
  const { patience, signal } = machine;
  for (let waitedMs = 0; ; waitedMs += patience.pollMs) {
    const actual = await machine.cloud.observe(machine.id, machine.call(signal));
    if (!actual || actual.provisioning || isSettled(actual) || waitedMs >= READ_CHANGING_MS) return actual;
    await patience.sleep(patience.pollMs, signal);
  }
}

function fieldsFor(cloud: Cloud): Fields {
  const canSuspend = cloud.capabilities.power.includes("suspend");
  const states: PowerState[] = ["running", "stopped", ...(canSuspend ? (["suspended"] as const) : [])];
  return {
    server: { type: "string", required: true, description: "The cloud's id of the server." },
    forced: { type: "boolean", description: "Stops by the power switch, without asking the system." },
    state: { type: "string", required: true, oneOf: states, description: `One of ${states.join(", ")}.` },
    reboot: { type: "integer", minimum: 0, default: 0, description: "Raising it reboots; lowering it does nothing." },
    reset: { type: "integer", minimum: 0, default: 0, description: "Raising it resets; lowering it does nothing." },
    ensure: { type: "string", description: "A change of it makes sure of the state again, as after a resize." },
  };
}

function parse(inputs: PropertyMap): { server: string; state: PowerState; forced: boolean } & Counters {
  const { server, state, reboot, reset, forced } = inputs;
  const known = typeof server === "string" && typeof reboot === "number" && typeof reset === "number";
  if (!known || (state !== "running" && state !== "stopped" && state !== "suspended")) {
    throw new FleetError("FLEET_INVALID", "a Power needs server, state, reboot and reset", {});
  }
  return { server, state, reboot, reset, forced: forced === true };
}

function countersOf({ reboot, reset }: PropertyMap): Counters {
  return { reboot: typeof reboot === "number" ? reboot : 0, reset: typeof reset === "number" ? reset : 0 };
}
