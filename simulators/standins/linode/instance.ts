import { randomBytes } from "node:crypto";
import { PartialCreation, type PropertyMap } from "../../../resources/plugin/handler.ts";
import { isMap } from "../../../resources/plugin/paths.ts";
import { changedNames } from "../diff.ts";
import type { StandinType } from "../resource.ts";
import { pluginError } from "../wire.ts";
import { getOrGone, type LinodeClient, LinodeError, step } from "./client.ts";
import { untilStatus, withEvent } from "./events.ts";
import { INSTANCE_FIELDS, INSTANCE_OUTPUTS } from "./instance-fields.ts";
import { instanceOutputs } from "./instance-state.ts";
import { updateInstance } from "./instance-update.ts";

export const instance: StandinType<LinodeClient> = {
  type: "linode:index/instance:Instance",
  fields: INSTANCE_FIELDS,
  computed: INSTANCE_OUTPUTS,
  secretOutputs: ["rootPass", "stackscriptData"],
  marksDefaults: true,
  timeouts: { create: 900, update: 3600, delete: 600 },
  metaTimeouts: ["create", "delete", "update"],

  validate(inputs) {
    const { label } = inputs;
    if (typeof label !== "string" || (label.length >= 3 && label.length <= 50)) return [];
    return [{ path: "label", reason: `expected length of label to be in the range (3 - 50), got ${label}` }];
  },

  async create(client, inputs, { signal }) {
    const made = await step(
      "Error creating a Linode Instance",
      client.call<PropertyMap>("POST", "linode/instances", signal, createBody(inputs)),
    );
    const id = String(made.id);
    try {
      const wanted = inputs.image === undefined || inputs.booted === false ? "offline" : "running";
      await untilStatus(client, id, wanted, signal);
      return { id, outputs: await readInstance(client, id, inputs, signal) };
    } catch (error) {
      throw new PartialCreation(
        id,
        inputs,
        [`Error waiting for Instance to become ready: ${(error as Error).message}`],
        { cause: error },
      );
    }
  },

  async read(client, id, state, signal) {
    const found = await getOrGone<PropertyMap>(client, `linode/instances/${id}`, signal);
    return found && readAround(client, id, found, state, signal);
  },

  async update(client, id, state, news, { signal }) {
    await updateInstance(client, Number(id), changedNames(INSTANCE_FIELDS, state, news), news, signal);
    const names = Object.keys(INSTANCE_FIELDS);
    const declared: PropertyMap = Object.fromEntries(names.map((name) => [name, news[name] ?? null]));
    // The real plugin leaves this one null after a create, whatever is declared.
    const kept: PropertyMap = {
      ...declared,
      placementGroupExternallyManaged: state.placementGroupExternallyManaged ?? null,
    };
    return readInstance(client, id, kept, signal);
  },

  async delete(client, id, _state, caller) {
    const signal = AbortSignal.any([caller, AbortSignal.timeout(this.timeouts.delete * 1000)]);
    const work = () =>
      step(`Error deleting Linode Instance ${id}`, client.call("DELETE", `linode/instances/${id}`, signal));
    await step(
      `Error waiting for Linode Instance ${id} to be deleted`,
      withEvent(client, "linode_delete", Number(id), signal, work),
    );
  },
};

function createBody(inputs: PropertyMap): PropertyMap {
  const metadata = Array.isArray(inputs.metadatas) ? inputs.metadatas[0] : undefined;
  const body: Record<string, PropertyMap[string] | undefined> = {
    region: inputs.region,
    type: inputs.type,
    label: inputs.label,
    group: inputs.group,
    root_pass: inputs.image === undefined ? undefined : (inputs.rootPass ?? randomBytes(32).toString("base64")),
    authorized_keys: inputs.authorizedKeys,
    authorized_users: inputs.authorizedUsers,
    image: inputs.image,
    tags: inputs.tags,
    booted: inputs.booted ?? true,
    backups_enabled: inputs.backupsEnabled,
    disk_encryption: inputs.diskEncryption,
    firewall_id: inputs.firewallId,
    private_ip: inputs.privateIp,
    swap_size: inputs.swapSize,
    ipv4: inputs.ipv4s,
    stackscript_id: inputs.stackscriptId,
    metadata: isMap(metadata) ? { user_data: metadata.userData ?? null } : undefined,
  };
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== undefined)) as PropertyMap;
}

async function readInstance(
  client: LinodeClient,
  id: string,
  known: PropertyMap,
  signal: AbortSignal,
): Promise<PropertyMap> {
  const found = await client.call<PropertyMap>("GET", `linode/instances/${id}`, signal);
  return readAround(client, id, found, { ...known, placementGroupExternallyManaged: null }, signal);
}

/** The other three calls of a read; a 404 to one of them is an error, not "gone". */
async function readAround(
  client: LinodeClient,
  id: string,
  found: PropertyMap,
  known: PropertyMap,
  signal: AbortSignal,
): Promise<PropertyMap> {
  try {
    const ips = await client.call<PropertyMap>("GET", `linode/instances/${id}/ips`, signal);
    const disks = await client.list<PropertyMap>(`linode/instances/${id}/disks`, signal);
    const configs = await client.list<PropertyMap>(`linode/instances/${id}/configs`, signal);
    return instanceOutputs({ instance: found, ips, disks, configs }, known);
  } catch (error) {
    if (error instanceof LinodeError) throw pluginError(`Error getting Linode instance ${id}: ${error.message}`);
    throw error;
  }
}
