import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { diffInputs } from "../plugin/diff.ts";
import { PartialCreation, type PropertyMap, type PropertyValue, type ResourceHandler } from "../plugin/handler.ts";
import { checkFields } from "../plugin/inputs.ts";
import { makeOnce } from "../plugin/once.ts";
import { errorMessage } from "../plugin/status.ts";
import type { Port } from "./answers.ts";
import { plugIn, unplug } from "./interfaces.ts";
import { describe } from "./names.ts";
import { runningNamed } from "./networks.ts";
import type { HandlerOptions } from "./plugin.ts";
import { PORT_FIELDS, typed } from "./plugin-fields.ts";
import {
  deletePort,
  findOurPort,
  markOfPort,
  portsWithMark,
  postPort,
  putPort,
  readPort,
  textOfPort,
} from "./ports.ts";
import { networkId } from "./resolve.ts";
import { PORT } from "./resource.ts";

interface Wanted {
  mark: string;
  name: string;
  network: string;
  description?: string;
  machine?: string;
  adopt?: string;
}

/** `fleetwright:openstack:Port`: a port of Neutron with our mark in its description. `adopt` takes over one that is there, by its id; with `machine` it is plugged into the running server of that name, where there is one just now. */
export function portHandler(options: Omit<HandlerOptions, "cloud">): ResourceHandler {
  return {
    type: PORT,

    check: async (inputs) => checkFields(inputs, PORT_FIELDS),

    async diff(_id, old, news) {
      const { changes } = diffInputs(old.inputs, news, { replaceOn: ["mark", "network"] });
      delete changes.adopt;
      return { changes, deleteBeforeReplace: true };
    },

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: inputs };
      const wanted = typed<Wanted>(inputs, PORT_FIELDS);
      const call = options.call(context.signal);
      const network = await networkId(call, wanted.network);
      if (wanted.adopt !== undefined) return await takeOver(wanted.adopt, wanted, network, inputs, call);
      const port = await makeOnce<Port>({
        kind: "Port",
        key: wanted.mark,
        call,
        journal: options.journal,
        find: () => portsWithMark(call, network, wanted.mark),
        create: () => postPort({ name: wanted.name, network_id: network, description: textOf(wanted) }, call),
        idOf: ({ id }) => id,
        exists: async (id) => (await readPort(call, id)) !== undefined,
        log: context.log,
        ...(options.now ? { now: options.now } : {}),
        ...(options.sleep ? { sleep: options.sleep } : {}),
      });
      await withId(port.id, inputs, () => join(wanted, port.id, call));
      return { id: port.id, outputs: inputs };
    },

    async read(id, known, context) {
      const call = options.call(context.signal);
      const port = await findOurPort(call, id, known.inputs.mark);
      if (!port) return undefined;
      const mark = markOfPort(port);
      const description = textOfPort(port);
      const inputs: PropertyMap = { ...known.inputs, name: port.name };
      if (mark !== undefined) inputs.mark = mark;
      delete inputs.description;
      if (description !== "") inputs.description = description;
      const { machine } = known.inputs;
      if (typeof machine === "string") {
        const server = await runningNamed(machine, call);
        // One that waits for its machine is as it should be.
        if (server !== undefined && port.device_id !== server) delete inputs.machine;
      }
      return { id, inputs, outputs: inputs };
    },

    async update(id, old, news, context) {
      if (context.preview) return news;
      const wanted = typed<Wanted>(news, PORT_FIELDS);
      const call = options.call(context.signal);
      const port = await findOurPort(call, id, old.inputs.mark);
      if (!port) throw new FleetError("NOT_FOUND", `there is no port ${id}`, { id });
      await putPort(port, { name: wanted.name, description: textOf(wanted) }, call);
      if (old.inputs.machine !== wanted.machine) await leave(old.inputs.machine, id, call);
      await join(wanted, id, call);
      return news;
    },

    async delete(id, old, context) {
      const call = options.call(context.signal);
      if (!(await findOurPort(call, id, old.inputs.mark))) return;
      await leave(old.inputs.machine, id, call);
      await deletePort(call, id);
    },
  };
}

/** What it is for, and behind it the mark. */
const textOf = ({ description, mark }: Wanted): string =>
  description === undefined ? describe(mark) : `${description} ${describe(mark)}`;

async function takeOver(id: string, wanted: Wanted, network: string, inputs: PropertyMap, call: Call) {
  const port = await readPort(call, id);
  if (!port) throw new FleetError("NOT_FOUND", `there is no port ${id} to adopt`, { id });
  const mark = markOfPort(port);
  if (mark !== undefined && mark !== wanted.mark)
    throw new FleetError("CLOUD_REFUSED", `port ${id} carries the mark ${mark} of another`, { id, mark });
  if (port.network_id !== network) {
    const message = `port ${id} is on the network ${port.network_id}, and not on ${wanted.network}`;
    throw new FleetError("CLOUD_REFUSED", message, { id });
  }
  await withId(id, inputs, async () => {
    await putPort(port, { name: wanted.name, description: textOf(wanted) }, call);
    await join(wanted, id, call);
  });
  return { id, outputs: inputs };
}

/** What follows once a port has its id. @throws {PartialCreation} */
async function withId(id: string, inputs: PropertyMap, follow: () => Promise<void>): Promise<void> {
  try {
    await follow();
  } catch (error) {
    throw new PartialCreation(id, inputs, [errorMessage(error)], { cause: error });
  }
}

/** Plugs the port into its machine, if one runs. Nobody waits here for one that does not: the core sees it come. */
async function join({ machine }: Pick<Wanted, "machine">, port: string, call: Call): Promise<void> {
  const server = machine === undefined ? undefined : await runningNamed(machine, call);
  if (server !== undefined) await plugIn({ server, port }, call);
}

async function leave(machine: PropertyValue | undefined, port: string, call: Call): Promise<void> {
  const server = typeof machine === "string" ? await runningNamed(machine, call) : undefined;
  if (server !== undefined) await unplug({ server, port }, call);
}
