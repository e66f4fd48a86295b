import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { StandinType } from "../resource.ts";
import { type DigitalOceanClient, envelope, getOrGone, step } from "./client.ts";
import { removeOnce } from "./ssh-key.ts";

interface Counted {
  count?: number;
}

interface Tag {
  name: string;
  resources?: Counted & {
    droplets?: Counted;
    images?: Counted;
    volumes?: Counted;
    volume_snapshots?: Counted;
    databases?: Counted;
  };
}

export const tag: StandinType<DigitalOceanClient> = {
  type: "digitalocean:index/tag:Tag",
  fields: { name: { type: "string", required: true, replace: true } },
  computed: [
    "databasesCount",
    "dropletsCount",
    "imagesCount",
    "totalResourceCount",
    "volumeSnapshotsCount",
    "volumesCount",
  ],
  marksDefaults: true,
  timeouts: { create: 1200, update: 1200, delete: 1200 },
  metaTimeouts: [],
  rawDelta: () => ({ obj: {} }),

  async create(client, inputs, { signal }) {
    const made = await step("Error creating tag", client.call("POST", "tags", signal, { name: inputs.name }));
    const { name } = envelope<Tag>(made, "tag");
    return { id: name, outputs: outputsOf(envelope<Tag>(await client.call("GET", pathOf(name), signal), "tag")) };
  },

  async read(client, id, _state, signal) {
    const found = await step("Error retrieving tag", getOrGone<Tag>(client, pathOf(id), "tag", signal));
    return found && outputsOf(found);
  },

  async update(_client, _id, state) {
    return state;
  },

  async delete(client, id, _state, signal) {
    await removeOnce(client, pathOf(id), "Error deleting tag", signal);
  },
};

function pathOf(name: string): string {
  return `tags/${encodeURIComponent(name)}`;
}

function outputsOf({ name, resources }: Tag): PropertyMap {
  return {
    name,
    databasesCount: resources?.databases?.count ?? 0,
    dropletsCount: resources?.droplets?.count ?? 0,
    imagesCount: resources?.images?.count ?? 0,
    totalResourceCount: resources?.count ?? 0,
    volumeSnapshotsCount: resources?.volume_snapshots?.count ?? 0,
    volumesCount: resources?.volumes?.count ?? 0,
  };
}
