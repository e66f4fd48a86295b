import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { diffInputs } from "../plugin/diff.ts";
import type { ResourceHandler } from "../plugin/handler.ts";
import { checkFields } from "../plugin/inputs.ts";
import { invalidAnswer, openstack } from "./http.ts";
import type { HandlerOptions } from "./plugin.ts";
import { KEY_FIELDS, typed } from "./plugin-fields.ts";
import { KEY_PAIR } from "./resource.ts";
import { novaSaysGone } from "./words.ts";

interface Key {
  name: string;
  publicKey: string;
}

/** `fleetwright:openstack:KeyPair`. Its name ends in the owner mark and is taken once per user, so making it twice cannot be. */
export function keyPairHandler(options: Pick<HandlerOptions, "call">): ResourceHandler {
  return {
    type: KEY_PAIR,

    check: async (inputs) => checkFields(inputs, KEY_FIELDS),

    async diff(_id, old, news) {
      return { ...diffInputs(old.inputs, news, { replaceOn: ["name", "publicKey"] }), deleteBeforeReplace: true };
    },

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: inputs };
      const key = typed<Key>(inputs, KEY_FIELDS);
      const call = options.call(context.signal);
      await importKey(key, call);
      return { id: key.name, outputs: inputs };
    },

    async read(id, _known, context) {
      const publicKey = await readKey(id, options.call(context.signal));
      if (publicKey === undefined) return undefined;
      const inputs = { name: id, publicKey };
      return { id, inputs, outputs: inputs };
    },

    async update(id) {
      throw new FleetError("CLOUD_UNSUPPORTED", `the key ${id} cannot be changed, only replaced`, { id });
    },

    async delete(id, _old, context) {
      const call = options.call(context.signal);
      await openstack(call, "compute", { method: "DELETE", path: keyPath(id), answer: "none", ok: [404] });
      if ((await readKey(id, call)) !== undefined) {
        throw new FleetError("VERIFY_FAILED", `the key ${id} is still there after its removal`, { id });
      }
    },
  };
}

const keyPath = (name: string): string => `/os-keypairs/${encodeURIComponent(name)}`;

async function importKey({ name, publicKey }: Key, call: Call): Promise<void> {
  const json = { keypair: { name, public_key: publicKey } };
  try {
    // A name that is taken is refused, so sending it again does no harm.
    await openstack(call, "compute", { method: "POST", path: "/os-keypairs", json, idempotent: true });
  } catch (error) {
    // An attempt whose answer was lost may have been the one that took it.
    const taken = error instanceof FleetError && error.at.status === 409;
    if (!taken || (await readKey(name, call)) !== publicKey) throw error;
  }
}

/** The public key; undefined only when nova itself says that there is none of that name. */
async function readKey(name: string, call: Call): Promise<string | undefined> {
  const path = keyPath(name);
  const { status, body } = await openstack<{ keypair?: { public_key?: unknown } } | null>(call, "compute", {
    method: "GET",
    path,
    ok: [404],
  });
  if (status === 404 && novaSaysGone(body)) return undefined;
  const text = body?.keypair?.public_key;
  if (typeof text !== "string") throw invalidAnswer(call, "GET", path, "it is no key");
  return text.trim();
}
