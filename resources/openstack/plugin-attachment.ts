import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { diffInputs } from "../plugin/diff.ts";
import { PartialCreation, type PropertyMap, type PropertyValue, type ResourceHandler } from "../plugin/handler.ts";
import { errorMessage } from "../plugin/status.ts";
import { poll } from "../poll.ts";
import type { Port } from "./answers.ts";
import { openstack } from "./http.ts";
import type { HandlerOptions } from "./plugin.ts";
import { ATTACHMENT_FIELDS, checkSorted, typed } from "./plugin-fields.ts";
import { markOfPort, putPort, readPort } from "./ports.ts";
import { existing } from "./power.ts";
import { PORT_ATTACHMENT } from "./resource.ts";
import { serverPath, taskOf } from "./servers.ts";

interface Wanted {
  server: string;
  port: string;
  securityGroups: string[];
}

/** A Power beside it may be at work on the server: nova then refuses for a moment. */
const MOST_REFUSALS = 5;

/**
 * `fleetwright:openstack:PortAttachment`: a server's place on a port that was made before. Its id is `SERVER/PORT`, its natural key. A port that is
 * plugged in elsewhere, or carries no mark, is left alone.
 */
export function portAttachmentHandler(options: Pick<HandlerOptions, "call">): ResourceHandler {
  return {
    type: PORT_ATTACHMENT,

    check: async (inputs) => checkSorted(inputs, ATTACHMENT_FIELDS, ["securityGroups"]),

    async diff(_id, old, news) {
      return { ...diffInputs(old.inputs, news, { replaceOn: ["server", "port"] }), deleteBeforeReplace: true };
    },

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: inputs };
      const wanted = typed<Wanted>(inputs, ATTACHMENT_FIELDS);
      const call = options.call(context.signal);
      await plugIn(wanted, call);
      const id = `${wanted.server}/${wanted.port}`;
      try {
        await guard(wanted, [], call);
      } catch (error) {
        throw new PartialCreation(id, inputs, [errorMessage(error)], { cause: error });
      }
      return { id, outputs: inputs };
    },

    async read(id, known, context) {
      const [server = "", port = ""] = id.split("/");
      const found = await readPort(options.call(context.signal), port);
      if (found?.device_id !== server) return undefined;
      const isGuarded = textsIn(known.inputs.securityGroups).length > 0;
      const securityGroups = isGuarded ? [...found.security_groups].sort() : [];
      const inputs: PropertyMap = { ...known.inputs, server, port, securityGroups };
      return { id, inputs, outputs: inputs };
    },

    async update(_id, old, news, context) {
      if (context.preview) return news;
      await guard(
        typed<Wanted>(news, ATTACHMENT_FIELDS),
        textsIn(old.inputs.securityGroups),
        options.call(context.signal),
      );
      return news;
    },

    async delete(id, _old, context) {
      const [server = "", port = ""] = id.split("/");
      const call = options.call(context.signal);
      if ((await readPort(call, port))?.device_id !== server) return;
      const path = `${serverPath(server)}/os-interface/${encodeURIComponent(port)}`;
      await openstack(call, "compute", { method: "DELETE", path, answer: "none", ok: [404] });
      await poll(call, `port ${port} to leave server ${server}`, async () =>
        (await readPort(call, port))?.device_id === server ? undefined : true,
      );
    },
  };
}

/** @throws {FleetError} CLOUD_REFUSED for a port that is another's or plugged in elsewhere, and with nova's reason */
async function plugIn({ server, port }: Wanted, call: Call): Promise<void> {
  let refusals = 0;
  await poll(call, `port ${port} to be at server ${server}`, async () => {
    const found = await ourPort(port, call);
    if (found.device_id === server) return true;
    if (found.device_id) {
      const message = `port ${port} is plugged into ${found.device_id}, and is left there`;
      throw new FleetError("CLOUD_REFUSED", message, { port, server: found.device_id });
    }
    const { status, ...seen } = await existing(server, call);
    if (status === "BUILD" || taskOf({ status, ...seen }) !== undefined) return undefined;
    try {
      const json = { interfaceAttachment: { port_id: port } };
      await openstack(call, "compute", { method: "POST", path: `${serverPath(server)}/os-interface`, json });
    } catch (error) {
      const isBusy = error instanceof FleetError && error.at.status === 409;
      if (!isBusy || ++refusals >= MOST_REFUSALS) throw error;
    }
    return undefined;
  });
}

async function ourPort(id: string, call: Call): Promise<Port> {
  const port = await readPort(call, id);
  if (!port) throw new FleetError("NOT_FOUND", `there is no port ${id}`, { port: id });
  if (markOfPort(port) !== undefined) return port;
  throw new FleetError("CLOUD_REFUSED", `port ${id} carries no mark of ours, and is left alone`, { port: id });
}

/** The server's firewalls on the port too. A server without firewalls keeps what groups the port has. */
async function guard({ port, securityGroups }: Wanted, before: readonly string[], call: Call): Promise<void> {
  if (securityGroups.length === 0 && before.length === 0) return;
  // With none, the server's own change puts the project's default on all of its ports.
  if (securityGroups.length > 0) await putPort(await ourPort(port, call), { security_groups: securityGroups }, call);
}

const textsIn = (value: PropertyValue | undefined): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
