import { DEARER, type LinodeImage, type LinodeRegion, type LinodeType, REGIONS, TYPES } from "./catalog.ts";
import type { EventLog, LinodeEvent } from "./events.ts";
import type { BootConfig, Disk, Firewall, FirewallDevice, Linode, LinodeWorld, SshKey } from "./world.ts";

/** UTC to the second and without a zone: a `Z` or a fraction is an error to the official client. */
const time = (ms: number): string => new Date(ms).toISOString().slice(0, 19);

export function linodeView(linode: Linode) {
  const type = TYPES.get(linode.type);
  return {
    id: linode.id,
    label: linode.label,
    group: linode.group,
    status: linode.status,
    created: time(linode.createdMs),
    updated: time(linode.updatedMs),
    type: linode.type,
    ipv4: linode.privateIpv4 ? [linode.ipv4, linode.privateIpv4] : [linode.ipv4],
    ipv6: `${linode.ipv6}/128`,
    image: linode.image,
    region: linode.region,
    specs: {
      disk: type?.disk ?? 0,
      memory: type?.memory ?? 0,
      vcpus: type?.vcpus ?? 0,
      gpus: type?.gpus ?? 0,
      transfer: type?.transfer ?? 0,
    },
    alerts: linode.alerts,
    backups: {
      enabled: linode.backups.enabled,
      available: false,
      schedule: { day: linode.backups.day, window: linode.backups.window },
    },
    hypervisor: "kvm",
    watchdog_enabled: linode.watchdog,
    tags: linode.tags,
    host_uuid: linode.hostUuid,
    has_user_data: linode.hasUserData,
    placement_group: null,
    lke_cluster_id: null,
    capabilities: [],
  };
}

export function addressesView(linode: Linode) {
  const name = linode.ipv4.replaceAll(".", "-");
  const common = { linode_id: linode.id, region: linode.region };
  const gateway = linode.ipv4.replace(/\d+$/, "1");
  return {
    ipv4: {
      public: [
        {
          ...common,
          address: linode.ipv4,
          gateway,
          subnet_mask: "255.255.255.0",
          prefix: 24,
          type: "ipv4",
          public: true,
          rdns: `${name}.ip.linodeusercontent.com`,
        },
      ],
      private: linode.privateIpv4
        ? [
            {
              ...common,
              address: linode.privateIpv4,
              gateway: "192.168.128.1",
              subnet_mask: "255.255.128.0",
              prefix: 17,
              type: "ipv4",
              public: false,
              rdns: "",
            },
          ]
        : [],
      shared: [],
      reserved: [],
      vpc: [],
    },
    ipv6: {
      slaac: addressV6(linode.ipv6, 64, true),
      link_local: addressV6(`fe80::${linode.ipv6.split("::")[1]}`, 64, false),
      global: [],
    },
  };

  function addressV6(address: string, prefix: number, isPublic: boolean) {
    return {
      ...common,
      address,
      gateway: "fe80::1",
      subnet_mask: "ffff:ffff:ffff:ffff::",
      prefix,
      type: "ipv6",
      public: isPublic,
      rdns: "",
    };
  }
}

export const diskView = (disk: Disk) => ({
  id: disk.id,
  label: disk.label,
  status: "ready",
  size: disk.size,
  filesystem: disk.filesystem,
  created: time(disk.createdMs),
  updated: time(disk.updatedMs),
});

export const configView = (config: BootConfig) => ({ ...config });

export function firewallView(firewall: Firewall) {
  return {
    id: firewall.id,
    label: firewall.label,
    status: firewall.status,
    tags: firewall.tags,
    rules: firewall.rules,
    created: time(firewall.createdMs),
    updated: time(firewall.updatedMs),
  };
}

export function deviceView(device: FirewallDevice, world: LinodeWorld) {
  return {
    id: device.id,
    entity: {
      id: device.linodeId,
      type: "linode",
      label: world.linodes.get(device.linodeId)?.label ?? "",
      url: `/v4/linode/instances/${device.linodeId}`,
    },
    created: time(device.createdMs),
    updated: time(device.createdMs),
  };
}

export const sshKeyView = (key: SshKey) => ({
  id: key.id,
  label: key.label,
  ssh_key: key.sshKey,
  created: time(key.createdMs),
});

const COLLECTIONS = {
  linode: "linode/instances",
  firewall: "networking/firewalls",
  user_ssh_key: "profile/sshkeys",
} as const;

export function eventView(event: LinodeEvent, events: EventLog) {
  const { entity } = event;
  return {
    id: event.id,
    action: event.action,
    created: time(event.startedMs),
    entity: { ...entity, url: `/v4/${COLLECTIONS[entity.type]}/${entity.id}` },
    status: event.status,
    percent_complete: events.percentOf(event),
    duration: event.endedMs === undefined ? 0 : (event.endedMs - event.startedMs) / 1000,
    time_remaining: null,
    username: "simulated",
    message: null,
    read: false,
    seen: false,
  };
}

export const typeView = (type: LinodeType) => ({
  id: type.id,
  label: type.label,
  class: type.class,
  disk: type.disk,
  memory: type.memory,
  vcpus: type.vcpus,
  gpus: type.gpus,
  transfer: type.transfer,
  network_out: type.networkOut,
  price: { hourly: type.hourly, monthly: type.monthly },
  region_prices: Object.entries(DEARER).map(([id, factor]) => ({
    id,
    hourly: Math.round(type.hourly * factor * 1e5) / 1e5,
    monthly: Math.round(type.monthly * factor * 100) / 100,
  })),
  addons: { backups: { price: { hourly: type.backupsHourly, monthly: type.backupsMonthly }, region_prices: [] } },
  successor: null,
});

export const regionView = (region: LinodeRegion) => ({
  id: region.id,
  label: region.label,
  country: region.country,
  capabilities: region.capabilities,
  status: "ok",
  resolvers: { ipv4: "198.18.0.2,198.18.0.3", ipv6: "2001:db8::2,2001:db8::3" },
  placement_group_limits: { maximum_pgs_per_customer: 100, maximum_linodes_per_pg: 5 },
});

export const imageView = (image: LinodeImage) => ({
  id: image.id,
  label: image.label,
  description: null,
  vendor: image.vendor,
  size: image.size,
  type: "manual",
  is_public: true,
  deprecated: false,
  created: image.created,
  updated: image.created,
  created_by: "linode",
  eol: image.eol,
  expiry: null,
  status: "available",
  capabilities: ["cloud-init"],
  tags: [],
  regions: [...REGIONS.keys()].map((region) => ({ region, status: "available" })),
  total_size: image.size,
});
