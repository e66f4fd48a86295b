import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { StandinType } from "../resource.ts";
import { type DigitalOceanClient, DigitalOceanError, envelope, getOrGone, step } from "./client.ts";

interface Key {
  id: number;
  name: string;
  public_key: string;
  fingerprint: string;
}

export const sshKey: StandinType<DigitalOceanClient> = {
  type: "digitalocean:index/sshKey:SshKey",
  fields: { name: { type: "string", required: true }, publicKey: { type: "string", required: true, replace: true } },
  computed: ["fingerprint"],
  marksDefaults: true,
  timeouts: { create: 120, update: 1200, delete: 1200 },
  metaTimeouts: ["create"],
  rawDelta: () => ({ obj: {} }),

  async create(client, inputs, { signal }) {
    const body = { name: inputs.name, public_key: inputs.publicKey };
    const made = await step("Error creating SSH Key", client.call("POST", "account/keys", signal, body));
    const id = String(envelope<Key>(made, "ssh_key").id);
    await client.call("GET", `account/keys/${id}`, signal);
    return { id, outputs: outputsOf(envelope<Key>(await client.call("GET", `account/keys/${id}`, signal), "ssh_key")) };
  },

  async read(client, id, _state, signal) {
    const key = await step("Error retrieving SSH key", getOrGone<Key>(client, `account/keys/${id}`, "ssh_key", signal));
    return key && outputsOf(key);
  },

  async update(client, id, _state, news, { signal }) {
    await step("Failed to update SSH key", client.call("PUT", `account/keys/${id}`, signal, { name: news.name }));
    return outputsOf(envelope<Key>(await client.call("GET", `account/keys/${id}`, signal), "ssh_key"));
  },

  async delete(client, id, _state, signal) {
    await removeOnce(client, `account/keys/${id}`, "Error deleting SSH key", signal);
  },
};

function outputsOf(key: Key): PropertyMap {
  return { fingerprint: key.fingerprint, name: key.name, publicKey: key.public_key.trim() };
}

/** A DELETE whose lost answer was repeated meets 404: that is done. */
export async function removeOnce(
  client: DigitalOceanClient,
  path: string,
  what: string,
  signal: AbortSignal,
): Promise<void> {
  try {
    await client.call("DELETE", path, signal);
  } catch (error) {
    if (error instanceof DigitalOceanError && error.http === 404) return;
    await step(what, Promise.reject(error));
  }
}
