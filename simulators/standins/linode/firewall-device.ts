import type { PropertyMap } from "../../../resources/plugin/handler.ts";
import type { StandinType } from "../resource.ts";
import { pluginError } from "../wire.ts";
import { getOrGone, type LinodeClient, step } from "./client.ts";
import { zoned } from "./dates.ts";

interface Device {
  id: number;
  entity: { id: number; type: string };
  created: string;
  updated: string;
}

export const firewallDevice: StandinType<LinodeClient> = {
  type: "linode:index/firewallDevice:FirewallDevice",
  fields: {
    entityId: { type: "integer", required: true, replace: true },
    entityType: { type: "string", computed: true, replace: true },
    firewallId: { type: "integer", required: true, replace: true },
  },
  computed: ["created", "updated"],
  marksDefaults: false,
  timeouts: { create: 900, update: 900, delete: 900 },
  metaTimeouts: [],

  async create(client, inputs, { signal }) {
    const body = { id: inputs.entityId, type: inputs.entityType ?? "linode" };
    const path = `networking/firewalls/${String(inputs.firewallId)}/devices`;
    const device = await step("Failed to create Firewall Device", client.call<Device>("POST", path, signal, body));
    return { id: String(device.id), outputs: outputsOf(device, inputs.firewallId as number) };
  },

  async read(client, id, state, signal) {
    if (typeof state.firewallId !== "number")
      throw pluginError(
        "Failed to read Firewall Device: the state has no firewallId; import by FIREWALL,DEVICE is not in the stand-in",
      );
    const device = await step("Failed to read Firewall Device", getOrGone<Device>(client, pathOf(id, state), signal));
    return device && outputsOf(device, state.firewallId);
  },

  async update(_client, _id, state) {
    return state;
  },

  async delete(client, id, state, signal) {
    await step("Failed to delete Firewall Device", client.call("DELETE", pathOf(id, state), signal));
  },
};

function pathOf(id: string, state: PropertyMap): string {
  return `networking/firewalls/${String(state.firewallId)}/devices/${id}`;
}

function outputsOf(device: Device, firewallId: number): PropertyMap {
  return {
    created: zoned(device.created),
    entityId: device.entity.id,
    entityType: device.entity.type,
    firewallId,
    updated: zoned(device.updated),
  };
}
