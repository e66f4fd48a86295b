import type { Fields } from "../fields.ts";

const POSITION = { label: { type: "string" }, id: { type: "integer", required: true } } as const satisfies Fields;

/** Inputs of `linode:index/instance:Instance` 5.1.1. */
export const INSTANCE_FIELDS = {
  alerts: {
    computed: true,
    type: {
      object: {
        cpu: { type: "integer" },
        io: { type: "integer" },
        networkIn: { type: "integer" },
        networkOut: { type: "integer" },
        transferQuota: { type: "integer" },
      },
    },
  },
  authorizedKeys: { type: "string[]", replace: true },
  authorizedUsers: { type: "string[]", replace: true },
  backupId: { type: "integer", replace: true, unsupported: true },
  backupsEnabled: { type: "boolean", computed: true },
  bootConfigLabel: { type: "string", computed: true, unsupported: true },
  booted: { type: "boolean", computed: true },
  configs: { type: { list: {} }, computed: true, unsupported: true },
  diskEncryption: { type: "string", computed: true, replace: true },
  disks: { type: { list: {} }, computed: true, unsupported: true },
  firewallId: { type: "integer", replace: true },
  group: { type: "string", computed: true },
  image: { type: "string", replace: true },
  interfaces: { type: { list: {} }, computed: true, unsupported: true },
  ipv4s: { type: "string[]", set: true, computed: true, unknownWhenUnset: true, replace: true },
  label: { type: "string", computed: true },
  metadatas: { type: { list: { userData: { type: "string" } } }, replace: true },
  migrationType: { type: "string", default: "cold" },
  placementGroup: { type: { object: POSITION }, unsupported: true },
  placementGroupExternallyManaged: { type: "boolean", default: false },
  privateIp: { type: "boolean", silentDefault: false },
  region: { type: "string", required: true },
  resizeDisk: { type: "boolean", default: false, nullDiffers: true },
  rootPass: { type: "string", computed: true, replace: true },
  sharedIpv4s: { type: "string[]", set: true, computed: true, unsupported: true },
  stackscriptData: { type: "stringMap", replace: true, unsupported: true },
  stackscriptId: { type: "integer", replace: true },
  swapSize: { type: "integer", computed: true },
  tags: { type: "string[]", set: true, caseless: true },
  type: { type: "string", computed: true },
  watchdogEnabled: { type: "boolean", default: true },
} as const satisfies Fields;

/** Outputs that are no inputs, and inputs that the stand-in only reports. */
export const INSTANCE_OUTPUTS = [
  "backupId",
  "backups",
  "bootConfigLabel",
  "capabilities",
  "configs",
  "disks",
  "hasUserData",
  "hostUuid",
  "interfaces",
  "ipAddress",
  "ipv6",
  "lkeClusterId",
  "placementGroup",
  "privateIpAddress",
  "sharedIpv4s",
  "specs",
  "stackscriptData",
  "stackscriptId",
  "status",
] as const;
