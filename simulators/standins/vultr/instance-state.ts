import type { PropertyMap, PropertyValue } from "../../../resources/plugin/handler.ts";
import type { Fields } from "../fields.ts";
import { envelope, step, type VultrClient } from "./client.ts";

export interface Instance {
  id: string;
  status: string;
  power_status: string;
  plan: string;
  default_password?: string;
  [field: string]: unknown;
}

export const FIELDS = {
  activationEmail: { type: "boolean" },
  appId: { type: "integer", computed: true, replace: true },
  appVariables: { type: "stringMap", replace: true, unsupported: true },
  backups: { type: "string", default: "disabled" },
  backupsSchedule: {
    type: {
      object: {
        type: { type: "string", required: true },
        hour: { type: "integer", computed: true },
        dow: { type: "integer", computed: true },
        dom: { type: "integer", computed: true },
      },
    },
    // Hour and days that are not declared are as the cloud has them.
    matches: (state, input) => hasAll(state, input),
  },
  ddosProtection: { type: "boolean", default: false },
  disablePublicIpv4: { type: "boolean", replace: true },
  enableIpv6: { type: "boolean" },
  firewallGroupId: { type: "string", computed: true },
  hostname: { type: "string", computed: true, replace: true },
  imageId: { type: "string", computed: true, replace: true },
  isoId: { type: "string", default: "" },
  label: { type: "string", computed: true },
  osId: { type: "integer", computed: true, replace: true },
  plan: { type: "string", required: true },
  region: { type: "string", required: true, replace: true },
  reservedIpId: { type: "string", computed: true, replace: true, unsupported: true },
  scriptId: { type: "string", computed: true, replace: true },
  snapshotId: { type: "string", computed: true, replace: true },
  sshKeyIds: { type: "string[]", replace: true },
  tags: { type: "string[]", set: true },
  userData: { type: "string", computed: true, replace: true },
  vpc2Ids: { type: "string[]", set: true, unsupported: true },
  vpcIds: { type: "string[]", set: true, computed: true, unsupported: true },
} as const satisfies Fields;

export const COMPUTED = [
  "allowedBandwidth",
  "dateCreated",
  "defaultPassword",
  "disk",
  "features",
  "gatewayV4",
  "internalIp",
  "kvm",
  "mainIp",
  "netmaskV4",
  "os",
  "powerStatus",
  "privateNetworkIds",
  "ram",
  "serverStatus",
  "status",
  "v6MainIp",
  "v6Network",
  "v6NetworkSize",
  "vcpuCount",
  "vpcIds",
] as const;

/** Never read back: a label or an IPv6 that somebody changed by hand is not seen. */
const KEPT = [
  "activationEmail",
  "ddosProtection",
  "defaultPassword",
  "disablePublicIpv4",
  "enableIpv6",
  "imageId",
  "label",
  "scriptId",
  "snapshotId",
  "sshKeyIds",
  "userData",
] as const;

/** Outputs by the field of the answer that they come from. */
const READ: Readonly<Record<string, string>> = {
  allowedBandwidth: "allowed_bandwidth",
  appId: "app_id",
  dateCreated: "date_created",
  disk: "disk",
  features: "features",
  firewallGroupId: "firewall_group_id",
  gatewayV4: "gateway_v4",
  hostname: "hostname",
  internalIp: "internal_ip",
  kvm: "kvm",
  mainIp: "main_ip",
  netmaskV4: "netmask_v4",
  os: "os",
  osId: "os_id",
  plan: "plan",
  powerStatus: "power_status",
  ram: "ram",
  region: "region",
  serverStatus: "server_status",
  status: "status",
  tags: "tags",
  v6MainIp: "v6_main_ip",
  v6Network: "v6_network",
  v6NetworkSize: "v6_network_size",
  vcpuCount: "vcpu_count",
};

/** The outputs of an instance, with the three further reads that a Read makes; `known` is the state or the declared inputs. */
export async function instanceOutputs(
  client: VultrClient,
  instance: Instance,
  known: PropertyMap,
  signal: AbortSignal,
): Promise<PropertyMap> {
  const path = `instances/${instance.id}`;
  const answer = await step("error getting backup schedule", client.call("GET", `${path}/backup-schedule`, signal));
  const schedule = envelope<Record<string, PropertyValue>>(answer, "backup_schedule");
  if (typeof schedule.enabled !== "boolean") return envelope(undefined, "backup_schedule.enabled");
  const vpcs = await client.call<{ vpcs?: { id: string }[] }>("GET", `${path}/vpcs`, signal);
  await client.call("GET", `${path}/vpc2`, signal);
  const { type = "", hour = 0, dow = 0, dom = 0 } = schedule;
  return {
    ...Object.fromEntries(
      KEPT.flatMap((name): [string, PropertyValue][] => (known[name] == null ? [] : [[name, known[name]]])),
    ),
    ...Object.fromEntries(
      Object.entries(READ).map(([output, field]): [string, PropertyValue] => [output, read(instance, field)]),
    ),
    backups: schedule.enabled ? "enabled" : "disabled",
    backupsSchedule: schedule.enabled ? { type, hour, dow, dom } : null,
    privateNetworkIds: (vpcs.vpcs ?? []).map(({ id }) => id),
    vpcIds: (vpcs.vpcs ?? []).map(({ id }) => id),
  };
}

function read(instance: Instance, field: string): PropertyValue {
  return (instance[field] as PropertyValue | undefined) ?? null;
}

function hasAll(state: PropertyValue, input: PropertyValue): boolean {
  if (typeof state !== "object" || typeof input !== "object" || !state || !input) return false;
  const has = state as PropertyMap;
  return Object.entries(input).every(([name, value]) => name === "__defaults" || has[name] === value);
}
