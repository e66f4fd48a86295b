import type { PropertyMap, PropertyValue } from "../../../resources/plugin/handler.ts";
import { isMap } from "../../../resources/plugin/paths.ts";
import { changedNames } from "../diff.ts";
import type { Fields } from "../fields.ts";
import type { StandinType } from "../resource.ts";
import { pluginError } from "../wire.ts";
import { type EquinixClient, getOrGone, needed } from "./client.ts";
import { type Device, deviceOutputs } from "./device-state.ts";

const FIELDS = {
  alwaysPxe: { type: "boolean", default: false },
  billingCycle: { type: "string", computed: true, replace: true },
  customData: { type: "string", unsupported: true },
  description: { type: "string" },
  facilities: { type: "string[]", computed: true, replace: true, unsupported: true },
  forceDetachVolumes: { type: "boolean", default: false },
  hardwareReservationId: { type: "string", replace: true },
  // The real plugin makes a name up where none is declared; the stand-in asks for one.
  hostname: { type: "string", required: true },
  ipAddresses: {
    type: {
      list: {
        type: { type: "string", required: true },
        cidr: { type: "integer" },
        reservationIds: { type: "string[]" },
      },
    },
  },
  ipxeScriptUrl: { type: "string" },
  metro: { type: "string", computed: true, replace: true },
  operatingSystem: { type: "string", required: true, replace: true },
  plan: { type: "string", required: true, replace: true },
  projectId: { type: "string", required: true, replace: true },
  projectSshKeyIds: { type: "string[]", replace: true },
  storage: { type: "string", unsupported: true },
  tags: { type: "string[]" },
  userData: { type: "string", replace: true },
  waitForReservationDeprovision: { type: "boolean", default: false },
} as const satisfies Fields;

const COMPUTED = [
  "accessPrivateIpv4",
  "accessPublicIpv4",
  "accessPublicIpv6",
  "created",
  "deployedFacility",
  "deployedHardwareReservationId",
  "facilities",
  "locked",
  "networkType",
  "networks",
  "ports",
  "rootPassword",
  "sshKeyIds",
  "state",
  "updated",
] as const;

const FIRST_POLL_MS = 10_000;
/** Waits between the polls after the first; the last one goes on. */
const NEXT_POLLS_MS = [3_000, 6_000, 10_000] as const;
/** The wait takes as long as this whatever time-outs are given. */
const LONGEST_WAIT_MS = 60 * 60_000;
const BEFORE_READY = ["queued", "provisioning"];

export const device: StandinType<EquinixClient> = {
  type: "equinix-metal:index/device:Device",
  fields: FIELDS,
  computed: COMPUTED,
  secretOutputs: ["rootPassword"],
  marksDefaults: true,
  leavesOutNulls: true,
  readsBy: "resource",
  timeouts: { create: 1200, update: 1200, delete: 1200 },
  obeysTimeouts: false,
  metaTimeouts: ["create", "delete", "update"],

  async create(client, inputs, { signal }) {
    const made = await client.call<Device>(
      "POST",
      `projects/${String(inputs.projectId)}/devices`,
      signal,
      createBody(inputs),
    );
    // Whatever goes wrong from here on, the device is not in state: it runs on, unknown.
    await untilReady(client, made.id, signal);
    return { id: made.id, outputs: deviceOutputs(await readWhole(client, made.id, signal), inputs) };
  },

  async read(client, id, state, signal) {
    const found = await getOrGone<Device>(client, `devices/${id}?include=project%2Cmetro%2Cfacility`, signal);
    return found && deviceOutputs(whole(found), state);
  },

  async update(client, id, state, news, { signal }) {
    const changed = changedNames(FIELDS, state, news);
    const body: PropertyMap = {};
    for (const [name, field] of Object.entries(IN_PLACE))
      if (changed.has(name)) body[field] = news[name] ?? emptyOf(name);
    if (Object.keys(body).length > 0) await client.call("PUT", `devices/${id}?include=facility`, signal, body);
    return deviceOutputs(await readWhole(client, id, signal), news);
  },

  async delete(client, id, state, signal) {
    await client.call("DELETE", `devices/${id}`, signal, { force_delete: state.forceDetachVolumes === true });
    const reservation = state.deployedHardwareReservationId;
    if (state.waitForReservationDeprovision !== true || typeof reservation !== "string") return;
    const path = `hardware-reservations/${reservation}`;
    await poll(
      client,
      signal,
      async () => (await client.call<{ provisionable: boolean }>("GET", path, signal)).provisionable,
    );
  },
};

const IN_PLACE = {
  alwaysPxe: "always_pxe",
  description: "description",
  hostname: "hostname",
  ipxeScriptUrl: "ipxe_script_url",
  tags: "tags",
} as const;

function emptyOf(name: string): PropertyValue {
  return name === "tags" ? [] : name === "alwaysPxe" ? false : "";
}

function whole(answer: Device): Device {
  return needed(answer, ["operating_system", "facility", "project", "plan"]);
}

async function readWhole(client: EquinixClient, id: string, signal: AbortSignal): Promise<Device> {
  return whole(await client.call<Device>("GET", `devices/${id}?include=project%2Cmetro%2Cfacility`, signal));
}

/** A single answer that is no device ends the wait, whatever it says. */
async function untilReady(client: EquinixClient, id: string, signal: AbortSignal): Promise<void> {
  await poll(client, signal, async () => {
    const { state } = await client.call<Device>("GET", `devices/${id}?include=project%2Cfacility`, signal);
    if (state === "active") return true;
    if (state === "failed") throw pluginError(`Device in non-active state "${state}"`);
    if (!BEFORE_READY.includes(state))
      throw pluginError(`unexpected state '${state}', wanted target 'active, failed'. last error: %!s(<nil>)`);
    return false;
  });
}

async function poll(client: EquinixClient, signal: AbortSignal, isDone: () => Promise<boolean>): Promise<void> {
  const limited = AbortSignal.any([signal, AbortSignal.timeout(LONGEST_WAIT_MS)]);
  for (let round = 0; ; round++) {
    const ms = round === 0 ? FIRST_POLL_MS : NEXT_POLLS_MS[Math.min(round - 1, NEXT_POLLS_MS.length - 1)]!;
    await client.waits.wait(ms, limited);
    if (await isDone()) return;
  }
}

function createBody(inputs: PropertyMap): PropertyMap {
  const { ipAddresses } = inputs;
  const optional: Record<string, PropertyValue | undefined> = {
    metro: inputs.metro,
    always_pxe: inputs.alwaysPxe === true ? true : undefined,
    description: inputs.description,
    hardware_reservation_id: inputs.hardwareReservationId,
    ipxe_script_url: inputs.ipxeScriptUrl,
    project_ssh_keys: inputs.projectSshKeyIds,
    ip_addresses: Array.isArray(ipAddresses) ? ipAddresses.map(addressBody) : undefined,
    tags: inputs.tags,
  };
  const given = Object.entries(optional).filter((entry): entry is [string, PropertyValue] => entry[1] !== undefined);
  return {
    hostname: inputs.hostname ?? null,
    plan: inputs.plan ?? null,
    operating_system: inputs.operatingSystem ?? null,
    billing_cycle: inputs.billingCycle ?? "",
    project_id: inputs.projectId ?? null,
    userdata: inputs.userData ?? "",
    ...Object.fromEntries(given),
  };
}

/** `public_ipv4` as the API says it. */
function addressBody(block: PropertyValue): PropertyValue {
  if (!isMap(block)) return block;
  const kind = String(block.type);
  return {
    address_family: kind.endsWith("6") ? 6 : 4,
    public: kind.startsWith("public"),
    ...(block.cidr ? { cidr: block.cidr } : {}),
    ...(Array.isArray(block.reservationIds) ? { ip_reservations: block.reservationIds } : {}),
  };
}
