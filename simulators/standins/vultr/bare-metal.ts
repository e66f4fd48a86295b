import { PartialCreation, type PropertyMap, type PropertyValue } from "../../../resources/plugin/handler.ts";
import { changedNames } from "../diff.ts";
import type { Fields } from "../fields.ts";
import type { StandinType } from "../resource.ts";
import { envelope, getOrGone, step, type VultrClient } from "./client.ts";
import { until } from "./waiting.ts";

const GONE = "Invalid server";

const FIELDS = {
  activationEmail: { type: "boolean" },
  appId: { type: "integer", computed: true },
  appVariables: { type: "stringMap", replace: true, unsupported: true },
  enableIpv6: { type: "boolean", replace: true },
  hostname: { type: "string", replace: true },
  imageId: { type: "string", computed: true, replace: true },
  label: { type: "string" },
  mdiskMode: { type: "string", replace: true, unsupported: true },
  osId: { type: "integer", computed: true },
  persistentPxe: { type: "boolean", replace: true },
  plan: { type: "string", required: true, replace: true },
  region: { type: "string", required: true, replace: true },
  reservedIpv4: { type: "string", computed: true, unsupported: true },
  scriptId: { type: "string", replace: true },
  snapshotId: { type: "string", replace: true },
  sshKeyIds: { type: "string[]", replace: true },
  tags: { type: "string[]", set: true },
  userData: { type: "string", computed: true, replace: true },
  vpc2Ids: { type: "string[]", set: true, unsupported: true },
} as const satisfies Fields;

const COMPUTED = [
  "cpuCount",
  "dateCreated",
  "defaultPassword",
  "disk",
  "gatewayV4",
  "macAddress",
  "mainIp",
  "netmaskV4",
  "os",
  "ram",
  "status",
  "v6MainIp",
  "v6Network",
  "v6NetworkSize",
] as const;

/** Never read back. */
const KEPT = [
  "activationEmail",
  "defaultPassword",
  "enableIpv6",
  "hostname",
  "persistentPxe",
  "scriptId",
  "snapshotId",
  "sshKeyIds",
  "userData",
] as const;

/** Outputs by the field of the answer that they come from. */
const READ: Readonly<Record<string, string>> = {
  appId: "app_id",
  cpuCount: "cpu_count",
  dateCreated: "date_created",
  disk: "disk",
  gatewayV4: "gateway_v4",
  imageId: "image_id",
  label: "label",
  macAddress: "mac_address",
  mainIp: "main_ip",
  netmaskV4: "netmask_v4",
  os: "os",
  osId: "os_id",
  plan: "plan",
  ram: "ram",
  region: "region",
  status: "status",
  tags: "tags",
  v6MainIp: "v6_main_ip",
  v6Network: "v6_network",
  v6NetworkSize: "v6_network_size",
};

interface BareMetal {
  id: string;
  status: string;
  default_password?: string;
  [field: string]: unknown;
}

export const bareMetalServer: StandinType<VultrClient> = {
  type: "vultr:index/bareMetalServer:BareMetalServer",
  fields: FIELDS,
  computed: COMPUTED,
  secretOutputs: ["defaultPassword"],
  marksDefaults: true,
  readsBy: "resource",
  timeouts: { create: 3600, update: 3600, delete: 1200 },
  metaTimeouts: [],

  async create(client, inputs, { signal }) {
    const answer = client.call("POST", "bare-metals", signal, createBody(inputs));
    const made = envelope<BareMetal>(await step("error creating bare metal server", answer), "bare_metal");
    const { id } = made;
    const known = { ...inputs, defaultPassword: made.default_password ?? "" };
    try {
      const reading = async () => (await readOne(client, id, signal)).status;
      await step(
        `error while waiting for bare metal server (${id}) to be in active state`,
        until(client, reading, { target: "active", before: ["pending"] }, signal),
      );
      return { id, outputs: await outputsOf(client, await readOne(client, id, signal), known, signal) };
    } catch (error) {
      throw new PartialCreation(id, known, [(error as Error).message], { cause: error });
    }
  },

  async read(client, id, state, signal) {
    const found = await step(
      "error getting bare metal server",
      getOrGone<BareMetal>(client, `bare-metals/${id}`, "bare_metal", GONE, signal),
    );
    return found && outputsOf(client, found, state, signal);
  },

  async update(client, id, state, news, { signal }) {
    const changed = changedNames(FIELDS, state, news);
    const body: PropertyMap = {
      // Not null, and not left out: no tags, whenever they did not change.
      tags: changed.has("tags") ? (news.tags ?? []) : [],
      enable_ipv6: news.enableIpv6 ?? false,
      ...(news.label ? { label: news.label } : {}),
      ...(changed.has("osId") ? { os_id: news.osId ?? null } : {}),
      ...(changed.has("appId") ? { app_id: news.appId ?? null } : {}),
    };
    await step(`error updating bare metal ${id} `, client.call("PATCH", `bare-metals/${id}`, signal, body));
    const known: PropertyMap = { ...news, defaultPassword: state.defaultPassword ?? null };
    return outputsOf(client, await readOne(client, id, signal), known, signal);
  },

  async delete(client, id, _state, signal) {
    await step(`error deleting bare metal server (${id})`, client.call("DELETE", `bare-metals/${id}`, signal));
  },
};

async function readOne(client: VultrClient, id: string, signal: AbortSignal): Promise<BareMetal> {
  const answer = step(`error retrieving bare metal server ${id} `, client.call("GET", `bare-metals/${id}`, signal));
  return envelope<BareMetal>(await answer, "bare_metal");
}

async function outputsOf(client: VultrClient, metal: BareMetal, known: PropertyMap, signal: AbortSignal) {
  await client.call("GET", `bare-metals/${metal.id}/vpc2`, signal);
  return {
    ...Object.fromEntries(
      KEPT.flatMap((name): [string, PropertyValue][] => (known[name] == null ? [] : [[name, known[name]]])),
    ),
    ...Object.fromEntries(
      Object.entries(READ).map(([output, field]): [string, PropertyValue] => [
        output,
        (metal[field] as PropertyValue | undefined) ?? null,
      ]),
    ),
  };
}

function createBody(inputs: PropertyMap): PropertyMap {
  const body: PropertyMap = {
    region: inputs.region ?? null,
    plan: inputs.plan ?? null,
    enable_ipv6: inputs.enableIpv6 ?? false,
    activation_email: inputs.activationEmail ?? false,
    persistent_pxe: inputs.persistentPxe ?? false,
  };
  for (const [name, field] of Object.entries({
    appId: "app_id",
    hostname: "hostname",
    imageId: "image_id",
    label: "label",
    osId: "os_id",
    scriptId: "script_id",
    snapshotId: "snapshot_id",
    sshKeyIds: "sshkey_id",
    tags: "tags",
  })) {
    const value = inputs[name];
    if (value !== undefined && value !== null && value !== "" && value !== 0) body[field] = value;
  }
  if (typeof inputs.userData === "string" && inputs.userData !== "")
    body.user_data = Buffer.from(inputs.userData).toString("base64");
  return body;
}
