import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { StandinType } from "../resource.ts";
import { type EquinixClient, getOrGone } from "./client.ts";

interface Key {
  id: string;
  label: string;
  key: string;
  fingerprint: string;
  created_at: string;
  updated_at: string;
  owner: { href: string };
}

export const projectSshKey: StandinType<EquinixClient> = {
  type: "equinix-metal:index/projectSshKey:ProjectSshKey",
  fields: {
    // The real plugin makes a name up where none is declared; the stand-in asks for one.
    name: { type: "string", required: true },
    projectId: { type: "string", required: true, replace: true },
    publicKey: { type: "string", required: true, replace: true },
  },
  computed: ["created", "fingerprint", "ownerId", "updated"],
  marksDefaults: true,
  readsBy: "resource",
  timeouts: { create: 1200, update: 1200, delete: 1200 },
  metaTimeouts: [],

  async create(client, inputs, { signal }) {
    const body = { label: inputs.name, key: inputs.publicKey };
    const made = await client.call<Key>("POST", `projects/${String(inputs.projectId)}/ssh-keys`, signal, body);
    return { id: made.id, outputs: outputsOf(await client.call<Key>("GET", `ssh-keys/${made.id}`, signal)) };
  },

  async read(client, id, _state, signal) {
    const key = await getOrGone<Key>(client, `ssh-keys/${id}`, signal);
    // An answer without an id is one that is gone, to the plugin.
    return key?.id ? outputsOf(key) : undefined;
  },

  async update(client, id, _state, news, { signal }) {
    await client.call("PATCH", `ssh-keys/${id}`, signal, { label: news.name });
    return outputsOf(await client.call<Key>("GET", `ssh-keys/${id}`, signal));
  },

  async delete(client, id, _state, signal) {
    await client.call("DELETE", `ssh-keys/${id}`, signal);
  },
};

function outputsOf(key: Key): PropertyMap {
  const owner = key.owner.href.split("/").at(-1) ?? "";
  return {
    created: key.created_at,
    fingerprint: key.fingerprint,
    name: key.label,
    ownerId: owner,
    projectId: owner,
    publicKey: key.key,
    updated: key.updated_at,
  };
}
