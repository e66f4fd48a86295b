import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { StandinType } from "../resource.ts";
import { getOrGone, type LinodeClient, step } from "./client.ts";
import { zoned } from "./dates.ts";

interface Key {
  id: number;
  label: string;
  ssh_key: string;
  created: string;
}

export const sshKey: StandinType<LinodeClient> = {
  type: "linode:index/sshKey:SshKey",
  fields: { label: { type: "string", required: true }, sshKey: { type: "string", required: true, replace: true } },
  computed: ["created"],
  marksDefaults: false,
  timeouts: { create: 900, update: 900, delete: 900 },
  metaTimeouts: [],

  async create(client, inputs, { signal }) {
    const body = { label: inputs.label, ssh_key: inputs.sshKey };
    const key = await step("Failed to create SSH Key", client.call<Key>("POST", "profile/sshkeys", signal, body));
    return { id: String(key.id), outputs: outputsOf(key) };
  },

  async read(client, id, _state, signal) {
    const key = await step("Failed to read SSH Key", getOrGone<Key>(client, `profile/sshkeys/${id}`, signal));
    return key && outputsOf(key);
  },

  async update(client, id, _state, news, { signal }) {
    return outputsOf(
      await step(
        "Failed to update SSH Key",
        client.call<Key>("PUT", `profile/sshkeys/${id}`, signal, { label: news.label }),
      ),
    );
  },

  async delete(client, id, _state, signal) {
    await step("Failed to delete SSH Key", client.call("DELETE", `profile/sshkeys/${id}`, signal));
  },
};

function outputsOf(key: Key): PropertyMap {
  return { created: zoned(key.created), label: key.label, sshKey: key.ssh_key.trim() };
}
