import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { StandinType } from "../resource.ts";
import { envelope, getOrGone, step, type VultrClient } from "./client.ts";

interface Key {
  id: string;
  name: string;
  ssh_key: string;
  date_created: string;
}

export const sshKey: StandinType<VultrClient> = {
  type: "vultr:index/sSHKey:SSHKey",
  // The real plugin makes a name up where none is declared; the stand-in asks for one.
  fields: { name: { type: "string", required: true }, sshKey: { type: "string", required: true } },
  computed: ["dateCreated"],
  marksDefaults: true,
  readsBy: "resource",
  timeouts: { create: 1200, update: 1200, delete: 1200 },
  metaTimeouts: [],

  async create(client, inputs, { signal }) {
    const made = await step("error creating SSH key", client.call("POST", "ssh-keys", signal, bodyOf(inputs)));
    const { id } = envelope<Key>(made, "ssh_key");
    return { id, outputs: outputsOf(await readOne(client, id, signal)) };
  },

  async read(client, id, _state, signal) {
    const found = getOrGone<Key>(client, `ssh-keys/${id}`, "ssh_key", "Invalid ssh key", signal);
    const key = await step(`error getting SSH key (${id})`, found);
    return key && outputsOf(key);
  },

  async update(client, id, _state, news, { signal }) {
    await step(`error updating SSH key (${id})`, client.call("PATCH", `ssh-keys/${id}`, signal, bodyOf(news)));
    return outputsOf(await readOne(client, id, signal));
  },

  async delete(client, id, _state, signal) {
    await step(`error deleting SSH key (${id})`, client.call("DELETE", `ssh-keys/${id}`, signal));
  },
};

async function readOne(client: VultrClient, id: string, signal: AbortSignal): Promise<Key> {
  return envelope<Key>(await client.call("GET", `ssh-keys/${id}`, signal), "ssh_key");
}

function bodyOf(inputs: PropertyMap): PropertyMap {
  return { name: inputs.name ?? null, ssh_key: inputs.sshKey ?? null };
}

function outputsOf(key: Key): PropertyMap {
  return { dateCreated: key.date_created, name: key.name, sshKey: key.ssh_key.trim() };
}
