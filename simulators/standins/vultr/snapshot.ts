import { PartialCreation, type PropertyMap } from "../../../resources/plugin/handler.ts";
import { errorMessage } from "../../../resources/plugin/status.ts";
import type { StandinType } from "../resource.ts";
import { pluginError } from "../wire.ts";
import { envelope, step, type VultrClient } from "./client.ts";
import { until } from "./waiting.ts";

interface Snapshot {
  id: string;
  description: string;
  date_created: string;
  size: number;
  status: string;
  os_id: number;
  app_id: number;
}

export const snapshot: StandinType<VultrClient> = {
  type: "vultr:index/snapshot:Snapshot",
  fields: {
    description: { type: "string", silentDefault: "", replace: true },
    instanceId: { type: "string", required: true, replace: true },
  },
  computed: ["appId", "dateCreated", "osId", "size", "status"],
  marksDefaults: true,
  readsBy: "resource",
  timeouts: { create: 1800, update: 1200, delete: 1200 },
  metaTimeouts: ["create"],

  async create(client, inputs, { signal }) {
    const body = { instance_id: inputs.instanceId, description: inputs.description ?? "" };
    const made = await step("error creating snapshot", client.call("POST", "snapshots", signal, body));
    const { id } = envelope<Snapshot>(made, "snapshot");
    try {
      const wanted = { target: "complete", before: ["pending"] };
      await until(client, async () => (await readOne(client, id, signal)).status, wanted, signal);
      return { id, outputs: outputsOf(await readOne(client, id, signal), inputs) };
    } catch (error) {
      const reason = `error while waiting for Snapshot ${id} to be completed: ${errorMessage(error)}`;
      throw new PartialCreation(id, inputs, [reason], { cause: error });
    }
  },

  /** A 404 is a failure like any other; "gone" is an answer without a snapshot in it. */
  async read(client, id, state, signal) {
    const answer = client.call<{ snapshot?: Snapshot } | undefined>("GET", `snapshots/${id}`, signal);
    const found = await step("error getting snapshots", answer);
    return found?.snapshot && outputsOf(found.snapshot, state);
  },

  async update() {
    throw pluginError("doesn't support update");
  },

  async delete(client, id, _state, signal) {
    await step(`error destroying snapshot (${id})`, client.call("DELETE", `snapshots/${id}`, signal));
  },
};

async function readOne(client: VultrClient, id: string, signal: AbortSignal): Promise<Snapshot> {
  const answer = await step(`error retrieving Snapshot ${id}`, client.call("GET", `snapshots/${id}`, signal));
  return envelope<Snapshot>(answer, "snapshot");
}

/** Which instance it was taken of no answer tells: the plugin keeps what it knew. */
function outputsOf(snapshot: Snapshot, known: PropertyMap): PropertyMap {
  return {
    appId: snapshot.app_id,
    dateCreated: snapshot.date_created,
    description: snapshot.description,
    instanceId: known.instanceId ?? null,
    osId: snapshot.os_id,
    size: snapshot.size,
    status: snapshot.status,
  };
}
