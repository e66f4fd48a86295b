import type { Call, Cloud } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import type { Journal } from "../journal.ts";
import { diffInputs } from "../plugin/diff.ts";
import { type HandlerContext, PartialCreation, type PropertyMap, type ResourceHandler } from "../plugin/handler.ts";
import { makeOnce } from "../plugin/once.ts";
import { errorMessage } from "../plugin/status.ts";
import type { NovaServer } from "./answers.ts";
import { changeServer } from "./change.ts";
import { groupsOfServer, setGroups } from "./groups.ts";
import { destroy, type Machine, postServer, untilBuilt } from "./make.ts";
import { tagsOfMetadata } from "./names.ts";
import { checkSorted, SERVER_FIELDS, typed, unknownOutputs } from "./plugin-fields.ts";
import { SERVER } from "./resource.ts";
import { actual, markOf, readServer } from "./servers.ts";

export interface HandlerOptions {
  cloud: Pick<Cloud, "findByMark">;
  call(signal: AbortSignal): Call;
  journal: Journal;
  /** Epoch in milliseconds. */
  now?(): number;
  sleep?(ms: number, signal: AbortSignal): Promise<void>;
}

/** Another one of these is another server. */
const IDENTITY = ["mark", "image", "availabilityZone"];
/** What only has a meaning while the server is made. */
const CREATE_ONLY = ["keyName", "userData", "networks", "ports", "configDrive", "bootVolumeGiB"];

/** `fleetwright:openstack:Server`. Its power is left to the Power beside it. */
export function serverHandler(options: HandlerOptions): ResourceHandler {
  const { cloud, journal } = options;

  /** The server with this id; undefined when nova says that it is gone. @throws {FleetError} CLOUD_REFUSED when it is not ours */
  async function findOurs(id: string, mark: unknown, call: Call): Promise<NovaServer | undefined> {
    const server = await readServer(call, id);
    if (server && typeof mark === "string" && markOf(server) !== mark) {
      const message = `server ${id} does not carry our mark ${mark}: it may be another's, and is left alone`;
      throw new FleetError("CLOUD_REFUSED", message, { id, mark });
    }
    return server;
  }

  async function outputsOf(id: string, inputs: PropertyMap, call: Call): Promise<PropertyMap> {
    const server = await readServer(call, id);
    const { ipv4, ipv6, status } = server ? actual(server) : { ipv4: [], ipv6: [], status: "unknown" };
    return { ...inputs, ipv4, ipv6, status };
  }

  return {
    type: SERVER,

    check: async (inputs) => checkSorted(inputs, SERVER_FIELDS, ["tags", "securityGroups"]),

    async diff(_id, old, news) {
      const { changes } = diffInputs(old.inputs, news, { replaceOn: IDENTITY });
      // A server that was taken over by its id does not tell how it was made.
      for (const name of CREATE_ONLY) {
        for (const path of Object.keys(changes)) if (path === name || path.startsWith(`${name}[`)) delete changes[path];
      }
      if (old.inputs.image === undefined) delete changes.image;
      return { changes, deleteBeforeReplace: true };
    },

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: { ...inputs, ...unknownOutputs() } };
      const machine = typed<Machine>(inputs, SERVER_FIELDS);
      const { signal, end } = within(context, options.call(context.signal).account.spec.deadlines.createSeconds);
      try {
        const call = options.call(signal);
        const { id } = await makeOnce<{ id: string }>({
          kind: "Server",
          key: machine.mark,
          call,
          journal,
          find: () => cloud.findByMark(machine.mark, {} as never, call),
          create: () => postServer(machine, call),
          idOf: (made) => made.id,
          exists: async (made) => (await readServer(call, made)) !== undefined,
          log: context.log,
          ...(options.now ? { now: options.now } : {}),
          ...(options.sleep ? { sleep: options.sleep } : {}),
        });
        return await finish(id, machine, inputs, call);
      } finally {
        end();
      }
    },

    async read(id, known, context) {
      const call = options.call(context.signal);
      const server = await findOurs(id, known.inputs.mark, call);
      if (!server) return undefined;
      const { size, region, ...told } = actual(server);
      const guarded = Array.isArray(known.inputs.securityGroups) && known.inputs.securityGroups.length > 0;
      const inputs: PropertyMap = {
        ...(told.mark === undefined ? {} : { mark: told.mark }),
        name: server.name,
        flavor: size ?? "",
        availabilityZone: region,
        tags: tagsOfMetadata(server.metadata),
        networks: [],
        ports: [],
        configDrive: false,
        // A server without firewalls keeps what groups it has: they are none of ours.
        securityGroups: guarded ? await groupsOfServer(call, id) : [],
      };
      for (const name of ["mark", "image", ...CREATE_ONLY]) {
        const value = known.inputs[name];
        if (value !== undefined) inputs[name] = value;
      }
      const { ipv4, ipv6, status } = told;
      return { id, inputs, outputs: { ...inputs, ipv4, ipv6, status } };
    },

    async update(id, old, news, context) {
      if (context.preview) return { ...old.outputs, ...news };
      const call = options.call(context.signal);
      const found = await findOurs(id, old.inputs.mark, call);
      if (!found) throw new FleetError("NOT_FOUND", `there is no server ${id}`, { id });
      const machine = typed<Machine>(news, SERVER_FIELDS);
      // What an update leaves undone when it fails, the same update does next time: state keeps the old inputs until it is all done.
      await changeServer(id, groupsIn(old.inputs), machine, call);
      return outputsOf(id, news, call);
    },

    async delete(id, old, context) {
      const call = options.call(context.signal);
      if (await findOurs(id, old.inputs.mark, call)) await destroy(id, call);
    },
  };

  /** Waits for a server that is there by now, whoever asked for it. */
  async function finish(id: string, machine: Machine, inputs: PropertyMap, call: Call) {
    try {
      await untilBuilt(id, call);
      if (machine.securityGroups.length > 0) await setGroups(call, id, machine.securityGroups);
      return { id, outputs: await outputsOf(id, inputs, call) };
    } catch (error) {
      // One that is gone again leaves nothing to keep in state.
      if (error instanceof FleetError && (error.at.removed === true || error.code === "NOT_FOUND")) throw error;
      const outputs = { ...inputs, ipv4: [], ipv6: [], status: "unknown" };
      throw new PartialCreation(id, outputs, [errorMessage(error)], { cause: error });
    }
  }
}

function groupsIn({ securityGroups }: PropertyMap): Pick<Machine, "securityGroups"> {
  const known = Array.isArray(securityGroups) ? securityGroups : [];
  return { securityGroups: known.filter((group) => typeof group === "string") };
}

/** A create has the time of the account, whatever the engine allows. */
function within({ signal }: HandlerContext, seconds: number): { signal: AbortSignal; end(): void } {
  const own = new AbortController();
  const late = new FleetError("DEADLINE", `the server was not made within ${seconds} s`, {});
  const timer = setTimeout(() => own.abort(late), seconds * 1000);
  return { signal: AbortSignal.any([signal, own.signal]), end: () => clearTimeout(timer) };
}
