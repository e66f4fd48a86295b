import { PartialCreation, type PropertyMap, type PropertyValue } from "../../../resources/plugin/handler.ts";
import { changedNames } from "../diff.ts";
import type { Fields } from "../fields.ts";
import type { StandinType } from "../resource.ts";
import { type DigitalOceanClient, DigitalOceanError, envelope, getOrGone, step } from "./client.ts";
import { type Droplet, digestOf, dropletOutputs } from "./droplet-state.ts";
import { updateDroplet } from "./droplet-update.ts";
import { startAction, untilDroplet, untilGone } from "./waiting.ts";

const FIELDS = {
  backupPolicy: { type: { object: {} }, unsupported: true },
  backups: { type: "boolean", silentDefault: false },
  dropletAgent: { type: "boolean", replace: true, computed: true },
  gracefulShutdown: { type: "boolean", silentDefault: false },
  image: { type: "string", required: true, replace: true },
  ipv6: { type: "boolean", computed: true, replace: (before, after) => before === true && after === false },
  ipv6Address: { type: "string", computed: true, unsupported: true },
  monitoring: { type: "boolean", silentDefault: false, replace: true },
  // The real plugin makes a name up where none is declared; the stand-in asks for one.
  name: { type: "string", required: true },
  privateNetworking: { type: "boolean", computed: true },
  publicNetworking: { type: "boolean", computed: true, replace: true, unsupported: true },
  region: { type: "string", computed: true, replace: true },
  resizeDisk: { type: "boolean", default: true },
  size: { type: "string", required: true },
  sshKeys: { type: "string[]", set: true, replace: true },
  tags: { type: "string[]", set: true, caseless: true },
  userData: {
    type: "string",
    replace: true,
    matches: (state, input) => state === input || (typeof input === "string" && state === digestOf(input)),
  },
  volumeIds: { type: "string[]", set: true, computed: true, unknownWhenUnset: true },
  vpcUuid: { type: "string", computed: true, replace: true },
} as const satisfies Fields;

const COMPUTED = [
  "backupPolicy",
  "createdAt",
  "disk",
  "dropletUrn",
  "ipv4Address",
  "ipv4AddressPrivate",
  "ipv6Address",
  "locked",
  "memory",
  "priceHourly",
  "priceMonthly",
  "publicNetworking",
  "status",
  "vcpus",
] as const;

const ARRAY = { arr: {} };

export const droplet: StandinType<DigitalOceanClient> = {
  type: "digitalocean:index/droplet:Droplet",
  fields: FIELDS,
  computed: COMPUTED,
  marksDefaults: true,
  timeouts: { create: 3600, update: 3600, delete: 60 },
  metaTimeouts: ["create", "delete", "update"],
  schemaVersion: "1",
  rawDelta: () => ({
    obj: {
      ps: { backupPolicy: { plu: { i: {} } }, sshKeys: ARRAY, tags: ARRAY, volumeIds: ARRAY },
      renamed: { dropletUrn: "urn" },
    },
  }),

  validate(inputs) {
    if (!Array.isArray(inputs.volumeIds) || inputs.volumeIds.length === 0) return [];
    return [
      { path: "volumeIds", reason: "the stand-in of the official plugin attaches no volumes; the real one does" },
    ];
  },

  async create(client, inputs, { signal }) {
    const answer = await step("Error creating droplet", client.call("POST", "droplets", signal, createBody(inputs)));
    const id = String(envelope<Droplet>(answer, "droplet").id);
    try {
      const made = await untilDroplet(client, id, (each) => each.status === "active" && !each.locked, signal);
      return { id, outputs: dropletOutputs(made, known(inputs)) };
    } catch (error) {
      throw new PartialCreation(
        id,
        known(inputs),
        [`Error waiting for droplet (${id}) to become ready: ${(error as Error).message}`],
        { cause: error },
      );
    }
  },

  async read(client, id, state, signal, imported) {
    const found = await step(
      "Error retrieving droplet",
      getOrGone<Droplet>(client, `droplets/${id}`, "droplet", signal),
    );
    if (!found) return undefined;
    // Only an import asks the API for the image, and takes the default of what the API does not know.
    const image = found.image?.slug ?? (found.image ? String(found.image.id) : null);
    return dropletOutputs(found, imported ? { ...state, image, resizeDisk: true } : withDigest(state));
  },

  async update(client, id, state, news, { signal }) {
    await updateDroplet(client, id, changedNames(FIELDS, state, news), state, news, signal);
    const found = await step("Error retrieving droplet", client.call("GET", `droplets/${id}`, signal));
    return dropletOutputs(envelope<Droplet>(found, "droplet"), known(news));
  },

  async delete(client, id, state, caller) {
    // Each wait of a delete has its own minute.
    const minute = () => AbortSignal.any([caller, AbortSignal.timeout(this.timeouts.delete * 1000)]);
    const unlocked = untilDroplet(client, id, (each) => !each.locked, minute(), 0);
    await step(`Error waiting for droplet to be unlocked for destroy (${id})`, unlocked);
    if (state.gracefulShutdown === true) {
      await step("Error shutting down droplet", startAction(client, id, { type: "shutdown" }, caller));
      await untilDroplet(client, id, (each) => each.status === "off", minute());
    }
    try {
      await client.call("DELETE", `droplets/${id}`, caller);
    } catch (error) {
      if (!(error instanceof DigitalOceanError && error.http === 404)) throw error;
    }
    await step(`Error waiting for droplet (${id}) to be destroyed`, untilGone(client, id, minute()));
  },
};

/** Declared values as the state will hold them. */
function known(inputs: PropertyMap): PropertyMap {
  return { ...withDigest(inputs), gracefulShutdown: inputs.gracefulShutdown ?? false };
}

/** User data stands in state as its digest; an adoption may have written it in plain. */
function withDigest(values: PropertyMap): PropertyMap {
  const { userData } = values;
  const isPlain = typeof userData === "string" && !/^[0-9a-f]{40}$/.test(userData);
  return isPlain ? { ...values, userData: digestOf(userData) } : values;
}

function createBody(inputs: PropertyMap): PropertyMap {
  const { image, sshKeys } = inputs;
  const keys = Array.isArray(sshKeys) ? sshKeys.map(numberIfDigits) : [];
  return {
    name: inputs.name ?? null,
    region: inputs.region ?? "",
    size: inputs.size ?? null,
    image: numberIfDigits(image ?? null),
    ssh_keys: keys.length > 0 ? keys : null,
    backups: inputs.backups ?? false,
    ipv6: inputs.ipv6 ?? false,
    private_networking: inputs.privateNetworking ?? false,
    monitoring: inputs.monitoring ?? false,
    ...(inputs.userData === undefined ? {} : { user_data: inputs.userData }),
    ...(inputs.vpcUuid === undefined ? {} : { vpc_uuid: inputs.vpcUuid }),
    ...(inputs.dropletAgent === undefined ? {} : { with_droplet_agent: inputs.dropletAgent }),
    tags: inputs.tags ?? [],
  };
}

/** An id is sent as a number, a slug or fingerprint as text. */
function numberIfDigits(value: PropertyValue): PropertyValue {
  return typeof value === "string" && /^\d+$/.test(value) ? Number(value) : value;
}
