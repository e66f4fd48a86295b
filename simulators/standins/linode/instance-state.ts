import type { PropertyMap, PropertyValue } from "../../../resources/plugin/handler.ts";
import { isMap } from "../../../resources/plugin/paths.ts";
import { pluginError } from "../wire.ts";

/** What the API tells about an instance; JSON as it came. */
export interface InstanceAnswers {
  instance: PropertyMap;
  ips: PropertyMap;
  disks: PropertyMap[];
  configs: PropertyMap[];
}

/** Outputs that only the inputs know; the plugin keeps them from its state. */
const KEPT = [
  "authorizedKeys",
  "authorizedUsers",
  "backupId",
  "firewallId",
  "image",
  "metadatas",
  "migrationType",
  "placementGroupExternallyManaged",
  "resizeDisk",
  "rootPass",
  "stackscriptData",
  "stackscriptId",
] as const;

/** The outputs of an instance, read from the API; `known` is the state or the declared inputs. */
export function instanceOutputs(answers: InstanceAnswers, known: PropertyMap): PropertyMap {
  const { instance, ips, disks, configs } = answers;
  const specs = need(instance, "specs");
  const alerts = need(instance, "alerts");
  const backups = need(instance, "backups");
  const addresses = need(ips, "ipv4");
  const kept = Object.fromEntries(KEPT.map((name) => [name, known[name] ?? null]));
  const address = (kind: string) =>
    list(addresses[kind])
      .filter(isMap)
      .map((each) => each.address ?? null);
  return {
    ...kept,
    alerts: {
      cpu: alerts.cpu ?? 0,
      io: alerts.io ?? 0,
      networkIn: alerts.network_in ?? 0,
      networkOut: alerts.network_out ?? 0,
      transferQuota: alerts.transfer_quota ?? 0,
    },
    backups: [
      {
        available: backups.available ?? false,
        enabled: backups.enabled ?? false,
        schedules: [scheduleOf(backups.schedule)],
      },
    ],
    backupsEnabled: backups.enabled ?? false,
    bootConfigLabel: configs[0]?.label ?? "",
    booted: instance.status === "running",
    capabilities: instance.capabilities ?? [],
    configs: configs.map((config) => configState(config, disks)),
    diskEncryption: instance.disk_encryption ?? "",
    disks: disks.map(diskState),
    group: instance.group ?? "",
    hasUserData: instance.has_user_data ?? false,
    hostUuid: instance.host_uuid ?? "",
    interfaces: [],
    ipAddress: address("public")[0] ?? "",
    ipv4s: instance.ipv4 ?? address("public"),
    ipv6: instance.ipv6 ?? "",
    label: instance.label ?? "",
    lkeClusterId: instance.lke_cluster_id ?? 0,
    placementGroup: null,
    privateIp: address("private").length > 0,
    privateIpAddress: address("private")[0] ?? null,
    region: instance.region ?? "",
    sharedIpv4s: address("shared"),
    specs: [
      {
        acceleratedDevices: specs.accelerated_devices ?? 0,
        disk: specs.disk ?? 0,
        gpus: specs.gpus ?? 0,
        memory: specs.memory ?? 0,
        transfer: specs.transfer ?? 0,
        vcpus: specs.vcpus ?? 0,
      },
    ],
    status: instance.status ?? "",
    swapSize: disks.filter((disk) => disk.filesystem === "swap").reduce((sum, disk) => sum + Number(disk.size), 0),
    tags: list(instance.tags).map(String).sort(),
    type: instance.type ?? "",
    watchdogEnabled: instance.watchdog_enabled ?? false,
  };
}

/** The real plugin crashes without these; the stand-in says which it was. */
function need(from: PropertyMap, name: string): PropertyMap {
  const value = from[name];
  if (!isMap(value)) throw pluginError(`the official linode plugin crashes on an answer without "${name}"`);
  return value;
}

function list(value: PropertyValue | undefined): PropertyValue[] {
  return Array.isArray(value) ? value : [];
}

function scheduleOf(schedule: PropertyValue | undefined): PropertyMap {
  const { day, window } = isMap(schedule) ? schedule : {};
  return { day: day ?? "", window: window ?? "" };
}

function diskState(disk: PropertyMap): PropertyMap {
  return {
    authorizedKeys: [],
    authorizedUsers: [],
    filesystem: disk.filesystem ?? "",
    id: disk.id ?? 0,
    image: "",
    label: disk.label ?? "",
    readOnly: false,
    rootPass: "",
    size: disk.size ?? 0,
    stackscriptData: {},
    stackscriptId: 0,
  };
}

const SLOTS = ["sda", "sdb", "sdc", "sdd", "sde", "sdf", "sdg", "sdh"] as const;

function configState(config: PropertyMap, disks: readonly PropertyMap[]): PropertyMap {
  const helpers = need(config, "helpers");
  const devices = need(config, "devices");
  const device = (slot: string): PropertyValue => {
    const on = devices[slot];
    if (!isMap(on)) return null;
    const disk = disks.find((each) => each.id === on.disk_id);
    return { diskId: on.disk_id ?? 0, diskLabel: disk?.label ?? "", volumeId: on.volume_id ?? 0 };
  };
  return {
    comments: config.comments ?? "",
    devices: Object.fromEntries(SLOTS.map((slot) => [slot, device(slot)])),
    helpers: {
      devtmpfsAutomount: helpers.devtmpfs_automount ?? false,
      distro: helpers.distro ?? false,
      modulesDep: helpers.modules_dep ?? false,
      network: helpers.network ?? false,
      updatedbDisabled: helpers.updatedb_disabled ?? false,
    },
    id: config.id ?? 0,
    interfaces: [],
    kernel: config.kernel ?? "",
    label: config.label ?? "",
    memoryLimit: config.memory_limit ?? 0,
    rootDevice: config.root_device ?? "",
    runLevel: config.run_level ?? "",
    virtMode: config.virt_mode ?? "",
  };
}

/** The body of the configuration PUT that goes with every update: what was read, and no interfaces. */
export function configBody(config: PropertyMap): PropertyMap {
  const devices: PropertyMap = {};
  for (const [slot, on] of Object.entries(isMap(config.devices) ? config.devices : {})) {
    if (!isMap(on)) continue;
    if (on.disk_id) devices[slot] = { disk_id: on.disk_id };
    else if (on.volume_id) devices[slot] = { volume_id: on.volume_id };
  }
  return {
    label: config.label ?? "",
    comments: config.comments ?? "",
    devices,
    helpers: config.helpers ?? null,
    interfaces: null,
    kernel: config.kernel ?? "",
    memory_limit: config.memory_limit ?? 0,
    root_device: config.root_device ?? "",
    run_level: config.run_level ?? "",
    virt_mode: config.virt_mode ?? "",
    init_rd: null,
  };
}
