import type { Call } from "../cloud.ts";
import { diffInputs } from "../plugin/diff.ts";
import { PartialCreation, type PropertyMap, type PropertyValue, type ResourceHandler } from "../plugin/handler.ts";
import { errorMessage } from "../plugin/status.ts";
import { ourPort, plugIn, unplug } from "./interfaces.ts";
import type { HandlerOptions } from "./plugin.ts";
import { ATTACHMENT_FIELDS, checkSorted, typed } from "./plugin-fields.ts";
import { putPort, readPort } from "./ports.ts";
import { PORT_ATTACHMENT } from "./resource.ts";

interface Wanted {
  server: string;
  port: string;
  securityGroups: string[];
}

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
      await unplug({ server, port }, options.call(context.signal));
    },
  };
}

/** The server's firewalls on the port too. A server without firewalls keeps what groups the port has. */
async function guard({ port, securityGroups }: Wanted, before: readonly string[], call: Call): Promise<void> {
  if (securityGroups.length === 0 && before.length === 0) return;
  // With none, the server's own change puts the project's default on all of its ports.
  if (securityGroups.length > 0) await putPort(await ourPort(port, call), { security_groups: securityGroups }, call);
}

const textsIn = (value: PropertyValue | undefined): string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === "string") : [];
