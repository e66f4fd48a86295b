import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { diffInputs } from "../plugin/diff.ts";
import type { PropertyMap, ResourceHandler } from "../plugin/handler.ts";
import { makeOnce } from "../plugin/once.ts";
import { isKey, type Key } from "./answers.ts";
import { invalidAnswer, readList, readObject, send } from "./http.ts";
import type { HandlerOptions } from "./plugin.ts";
import { checkKey, keyOf } from "./plugin-fields.ts";
import { SSH_KEY } from "./resource.ts";

/** `fleetwright:hivelocity:SshKey`: a public key of the account, with our mark at the end of its name. */
export function sshKeyHandler(options: HandlerOptions): ResourceHandler {
  const read = (id: string, call: Call) => readObject<Key>(call, `/ssh_key/${id}`, isKey, ({ sshKeyId }) => sshKeyId);

  /** @throws {FleetError} CLOUD_REFUSED when it is not ours. */
  async function findOurs(id: string, mark: unknown, call: Call): Promise<Key | undefined> {
    const key = await read(id, call);
    if (!key || (typeof mark === "string" && key.name.endsWith(mark))) return key;
    throw new FleetError("CLOUD_REFUSED", `key ${id} does not carry our mark ${mark}, and is left alone`, { id });
  }

  return {
    type: SSH_KEY,

    check: async (inputs) => checkKey(inputs),

    diff: async (_id, old, news) => ({
      ...diffInputs(old.inputs, news, { replaceOn: ["mark", "publicKey"] }),
      deleteBeforeReplace: true,
    }),

    async create(inputs, context) {
      if (context.preview) return { id: "", outputs: inputs };
      const { mark, name, publicKey } = keyOf(inputs);
      const call = options.call(context.signal);
      const key = await makeOnce<Key>({
        kind: "SshKey",
        key: mark,
        call,
        journal: options.journal,
        ...(options.now ? { now: options.now } : {}),
        ...(options.sleep ? { sleep: options.sleep } : {}),
        log: context.log,
        idOf: ({ sshKeyId }) => String(sshKeyId),
        find: async () => (await readList<Key>(call, "/ssh_key/", isKey)).filter((found) => found.name.endsWith(mark)),
        create: async () => {
          const path = "/ssh_key/";
          const { body } = await send(call, { method: "POST", path, json: { name, publicKey } });
          if (!isKey(body)) throw invalidAnswer(call, "POST", path, "it tells no key");
          return body;
        },
        exists: async (id) => (await read(id, call)) !== undefined,
      });
      return { id: String(key.sshKeyId), outputs: inputs };
    },

    async read(id, known, context) {
      const key = await read(id, options.call(context.signal));
      if (!key) return undefined;
      const inputs: PropertyMap = { ...known.inputs, name: key.name };
      if (key.publicKey) inputs.publicKey = key.publicKey.trim();
      return { id, inputs, outputs: inputs };
    },

    async update(id, old, news, context) {
      if (context.preview) return news;
      const call = options.call(context.signal);
      if (!(await findOurs(id, old.inputs.mark, call)))
        throw new FleetError("NOT_FOUND", `there is no key ${id}`, { id });
      const { name, publicKey } = keyOf(news);
      await send(call, { method: "PUT", path: `/ssh_key/${id}`, json: { name, publicKey }, answer: "none" });
      return news;
    },

    async delete(id, old, context) {
      const call = options.call(context.signal);
      if (!(await findOurs(id, old.inputs.mark, call))) return;
      await send(call, { method: "DELETE", path: `/ssh_key/${id}`, ok: [404], answer: "none" });
      if (await read(id, call))
        throw new FleetError("VERIFY_FAILED", `key ${id} is still there after its removal`, { id });
    },
  };
}
