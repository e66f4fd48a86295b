import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { diffInputs } from "../plugin/diff.ts";
import {
  type HandlerContext,
  PartialCreation,
  type PropertyMap,
  type ResourceHandler,
  UNKNOWN,
} from "../plugin/handler.ts";
import { makeOnce } from "../plugin/once.ts";
import { errorMessage } from "../plugin/status.ts";
import { poll } from "../poll.ts";
import type { Instance } from "./answers.ts";
import { hyperstackDelete } from "./http.ts";
import { isOurs } from "./labels.ts";
import { actualServer, firewallsOf, hasPublicIp, listInstances, MACHINES, readInstance, settled } from "./machines.ts";
import { markOf } from "./names.ts";
import { checkMachine, MACHINE_FIELDS, MACHINE_OUTPUTS, typedInputs } from "./plugin-fields.ts";
import { converge, type Machine, machineProblem, requestMachine } from "./plugin-make.ts";
import { type Parts, within } from "./plugin-parts.ts";
import { VIRTUAL_MACHINE } from "./resource.ts";

/** Another one of these is another machine. */
const IDENTITY = ["mark", "name", "region"];
/** What only has a meaning while the machine is made, and is not told by the cloud as it was said. */
const CREATE_ONLY = ["environment", "image", "key", "keyName", "userData", "portRandomization", "bootableVolume"];

/** `fleetwright:hyperstack:VirtualMachine`. Its power is left to the Power beside it. */
export function virtualMachineHandler(parts: Parts): ResourceHandler {
  /** The machine if it is ours; undefined when Hyperstack says that it is gone. */
  async function findOurs(id: string, mark: unknown, call: Call): Promise<Instance | undefined> {
    const instance = await readInstance(id, call);
    if (!instance || typeof mark !== "string" || instance.labels.includes(mark)) return instance;
    const message = `machine ${id} does not carry our mark ${mark}: it may be another's, and is left alone`;
    throw new FleetError("CLOUD_REFUSED", message, { id, mark });
  }

  async function outputsOf(instance: Instance, inputs: PropertyMap, call: Call): Promise<PropertyMap> {
    const { ipv4, status } = actualServer(instance, call);
    return { ...inputs, ipv4, status };
  }

  async function make(inputs: PropertyMap, call: Call, context: HandlerContext) {
    const machine = typedInputs<Machine>(inputs, MACHINE_FIELDS);
    const made = await makeOnce<Instance>({
      ...parts.timing,
      kind: "Server",
      key: machine.mark,
      call,
      journal: parts.journal,
      find: async () => (await listInstances(call)).filter((one) => isOurs(one, machine.mark)),
      create: () => requestMachine(machine, call),
      idOf: ({ id }) => String(id),
      exists: async (id) => (await readInstance(id, call)) !== undefined,
      log: context.log,
    });
    const id = String(made.id);
    try {
      const instance = await settled(id, call);
      const problem = await machineProblem(instance, call);
      if (problem) throw problem;
      return { id, outputs: await outputsOf(await converge(instance, machine, call), inputs, call) };
    } catch (error) {
      const outputs = { ...inputs, ipv4: [], status: made.status };
      throw new PartialCreation(id, outputs, [errorMessage(error)], { cause: error });
    }
  }

  return {
    type: VIRTUAL_MACHINE,

    check: async (inputs) => checkMachine(inputs),

    async diff(_id, old, news) {
      const { changes } = diffInputs(old.inputs, news, { replaceOn: IDENTITY });
      for (const name of CREATE_ONLY) delete changes[name];
      return { changes, deleteBeforeReplace: true };
    },

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: { ...inputs, ...unknownOutputs() } };
      const { signal, end } = within(context, parts.call(context.signal).account.spec.deadlines.createSeconds);
      try {
        return await make(inputs, parts.call(signal), context);
      } finally {
        end();
      }
    },

    async read(id, known, context) {
      const call = parts.call(context.signal);
      const instance = await findOurs(id, known.inputs.mark, call);
      if (!instance) return undefined;
      const { environment, flavor, labels, name, image } = instance;
      const mark = markOf(labels);
      const inputs: PropertyMap = {
        ...(mark === undefined ? {} : { mark }),
        name,
        region: environment.region,
        environment: environment.name,
        flavor: flavor.name,
        ...(image?.name ? { image: image.name } : {}),
        publicIp: hasPublicIp(instance),
        portRandomization: instance.port_randomization === true,
        bootableVolume: false,
        labels: [...labels].sort(),
        firewalls: await firewallsOf(instance, call),
      };
      for (const create of ["mark", ...CREATE_ONLY]) {
        const value = known.inputs[create];
        if (value !== undefined) inputs[create] = value;
      }
      return { id, inputs, outputs: await outputsOf(instance, inputs, call) };
    },

    async update(id, old, news, context) {
      if (context.preview) return { ...old.outputs, ...news };
      const call = parts.call(context.signal);
      const found = await findOurs(id, old.inputs.mark, call);
      if (!found) throw new FleetError("NOT_FOUND", `there is no machine ${id}`, { id });
      const instance = await settled(id, call);
      const problem = await machineProblem(instance, call);
      if (problem) throw problem;
      // What an update leaves undone when it fails, the same update does next time: state keeps the old inputs until it is all done.
      return outputsOf(await converge(instance, typedInputs<Machine>(news, MACHINE_FIELDS), call), news, call);
    },

    async delete(id, old, context) {
      const call = parts.call(context.signal);
      const found = await findOurs(id, old.inputs.mark, call);
      if (!found) return;
      await remove(found, call);
      await poll(call, `the removal of machine ${id}`, async () =>
        (await readInstance(id, call)) === undefined ? true : undefined,
      );
    },
  };
}

/** A machine that Hyperstack is at work on is not removed but for one that is being removed already. */
async function remove({ id, status }: Instance, call: Call): Promise<void> {
  if (status === "DELETING") return;
  try {
    await settled(String(id), call);
    await hyperstackDelete(call, `${MACHINES}/${id}`);
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== "NOT_FOUND") throw error;
  }
}

function unknownOutputs(): PropertyMap {
  return Object.fromEntries(Object.keys(MACHINE_OUTPUTS).map((name) => [name, UNKNOWN]));
}
