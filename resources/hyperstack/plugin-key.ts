import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { diffInputs } from "../plugin/diff.ts";
import type { ResourceHandler } from "../plugin/handler.ts";
import { makeOnce } from "../plugin/once.ts";
import { isKeyPair, type KeyPair } from "./answers.ts";
import { findEnvironment } from "./environments.ts";
import { fieldOf, hyperstack, hyperstackDelete, hyperstackList, invalidAnswer } from "./http.ts";
import { markInName } from "./names.ts";
import { checkSorted, KEY_FIELDS, typedInputs } from "./plugin-fields.ts";
import type { Parts } from "./plugin-parts.ts";
import { KEY_PAIR } from "./resource.ts";

const KEYS = "/core/keypairs";

interface Declared {
  mark: string;
  name: string;
  region: string;
  environment: string;
  publicKey: string;
}

/** `fleetwright:hyperstack:KeyPair`. There is no request that reads one, so the list is asked. */
export function keyPairHandler(parts: Parts): ResourceHandler {
  async function findOurs(id: string, mark: unknown, call: Call): Promise<KeyPair | undefined> {
    const pair = (await listKeys(call)).find((one) => String(one.id) === id);
    if (!pair || typeof mark !== "string" || markInName(pair.name) === mark) return pair;
    const message = `key pair ${id} does not carry our mark ${mark}: it may be another's, and is left alone`;
    throw new FleetError("CLOUD_REFUSED", message, { id, mark });
  }

  return {
    type: KEY_PAIR,

    check: async (inputs) => checkSorted(inputs, KEY_FIELDS, []),

    async diff(_id, old, news) {
      const { changes } = diffInputs(old.inputs, news, { replaceOn: Object.keys(KEY_FIELDS) });
      delete changes.environment;
      return { changes, deleteBeforeReplace: true };
    },

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: inputs };
      const call = parts.call(context.signal);
      const declared = typedInputs<Declared>(inputs, KEY_FIELDS);
      const made = await makeOnce<{ id: number }>({
        ...parts.timing,
        kind: "SshKey",
        key: declared.mark,
        call,
        journal: parts.journal,
        find: async () => (await listKeys(call)).filter((pair) => markInName(pair.name) === declared.mark),
        create: () => importKey(declared, call),
        idOf: ({ id }) => String(id),
        exists: async (id) => (await listKeys(call)).some((pair) => String(pair.id) === id),
        log: context.log,
      });
      return { id: String(made.id), outputs: inputs };
    },

    async read(id, known, context) {
      const pair = await findOurs(id, known.inputs.mark, parts.call(context.signal));
      if (!pair) return undefined;
      const mark = markInName(pair.name);
      const { publicKey } = known.inputs;
      const same = typeof publicKey === "string" && keyOf(publicKey) === keyOf(pair.public_key);
      const inputs = {
        ...(mark === undefined ? {} : { mark }),
        name: pair.name,
        region: pair.environment.region,
        environment: pair.environment.name,
        publicKey: same ? publicKey : pair.public_key.trim(),
      };
      return { id, inputs, outputs: inputs };
    },

    // Whatever differs makes another key pair.
    update: async (_id, _old, news) => news,

    async delete(id, old, context) {
      const call = parts.call(context.signal);
      if (await findOurs(id, old.inputs.mark, call)) await hyperstackDelete(call, `/core/keypair/${id}`);
    },
  };
}

const listKeys = (call: Call): Promise<KeyPair[]> => hyperstackList<KeyPair>(call, KEYS, "keypairs", isKeyPair);

/** Type and key, without the comment. */
const keyOf = (publicKey: string): string => publicKey.trim().split(/\s+/).slice(0, 2).join(" ");

async function importKey({ name, publicKey, environment, region }: Declared, call: Call): Promise<{ id: number }> {
  await findEnvironment(call, environment, region);
  const json = { name, environment_name: environment, public_key: publicKey };
  const { body } = await hyperstack(call, { method: "POST", path: KEYS, json });
  const id = fieldOf(fieldOf(body, "keypair"), "id");
  if (typeof id === "number") return { id };
  throw invalidAnswer(call, "POST", KEYS, "it is no key pair");
}
