import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { StandinType } from "../resource.ts";
import { pluginError } from "../wire.ts";
import { type DigitalOceanClient, envelope, getOrGone, step } from "./client.ts";
import { startAction, untilAction } from "./waiting.ts";

/** As `/snapshots/ID` has it. */
interface Snapshot {
  id: string;
  name: string;
  resource_id: string;
  regions: string[];
  size_gigabytes: number;
  created_at: string;
  min_disk_size: number;
}

/** As a droplet's list has it. */
interface Listed {
  id: number;
  name: string;
  created_at: string;
}

const PER_PAGE = 200;

export const dropletSnapshot: StandinType<DigitalOceanClient> = {
  type: "digitalocean:index/dropletSnapshot:DropletSnapshot",
  // The real plugin makes a name up where none is declared; the stand-in asks for one.
  fields: {
    dropletId: { type: "string", required: true, replace: true },
    name: { type: "string", required: true, replace: true },
  },
  computed: ["createdAt", "minDiskSize", "regions", "size"],
  marksDefaults: true,
  timeouts: { create: 1200, update: 1200, delete: 1200 },
  metaTimeouts: [],
  rawDelta: () => ({ obj: { ps: { regions: { arr: {} } } } }),

  async create(client, inputs, { signal }) {
    // What is no number is 0 to the real one.
    const droplet = String(Number.parseInt(String(inputs.dropletId), 10) || 0);
    const body = { type: "snapshot", name: inputs.name };
    const action = await step("Error creating Droplet Snapshot", startAction(client, droplet, body, signal));
    await step(`Error waiting for Droplet snapshot (${droplet}) to finish`, untilAction(client, action.id, signal));
    const made = await step("Error retrieving Droplet Snapshot", madeBy(client, droplet, action.started_at, signal));
    const id = String(made.id);
    const found = await getOrGone<Snapshot>(client, `snapshots/${id}`, "snapshot", signal);
    return { id, outputs: outputsOf(found ?? pastBelief(id)) };
  },

  async read(client, id, _state, signal) {
    const found = getOrGone<Snapshot>(client, `snapshots/${id}`, "snapshot", signal);
    const snapshot = await step("Error retrieving Droplet snapshot", found);
    return snapshot && outputsOf(snapshot);
  },

  async update() {
    throw pluginError("doesn't support update");
  },

  async delete(client, id, _state, signal) {
    await step("Error deleting snapshot", client.call("DELETE", `snapshots/${id}`, signal));
  },
};

/** The one of the second in which the action began, whatever it is called: the plugin looks for nothing else. */
async function madeBy(
  client: DigitalOceanClient,
  droplet: string,
  begun: string,
  signal: AbortSignal,
): Promise<Listed> {
  for (let page = 1; ; page++) {
    const path = `droplets/${droplet}/snapshots?per_page=${PER_PAGE}&page=${page}`;
    const listed = envelope<Listed[]>(await client.call("GET", path, signal), "snapshots");
    const found = listed.find(({ created_at }) => Date.parse(created_at) === Date.parse(begun));
    if (found !== undefined) return found;
    if (listed.length < PER_PAGE) throw pluginError("Error Could not locate the Droplet Snapshot");
  }
}

function pastBelief(id: string): never {
  throw pluginError(`snapshot ${id} was listed and is not there`);
}

function outputsOf(snapshot: Snapshot): PropertyMap {
  return {
    createdAt: snapshot.created_at,
    dropletId: snapshot.resource_id,
    minDiskSize: snapshot.min_disk_size,
    name: snapshot.name,
    regions: [...snapshot.regions].sort(),
    size: snapshot.size_gigabytes,
  };
}
