import { createHash } from "node:crypto";
import { isoSeconds } from "./wire.ts";
import type { SimServer, World } from "./world.ts";

/** What nova shows as `status` of a state and what it is doing. */
export function statusOf({ vm, task }: Pick<SimServer, "vm" | "task">): string {
  const busy = TASKS[task ?? ""];
  if (busy && (vm === "active" || vm === "stopped")) return busy;
  if (vm === "resized" && task === "resize_reverting") return "REVERT_RESIZE";
  return STATES[vm];
}

const TASKS: Readonly<Record<string, string>> = {
  rebooting: "REBOOT",
  rebooting_hard: "HARD_REBOOT",
  resize_prep: "RESIZE",
  resize_migrating: "RESIZE",
  resize_migrated: "RESIZE",
  resize_finish: "RESIZE",
};

const STATES: Readonly<Record<SimServer["vm"], string>> = {
  building: "BUILD",
  active: "ACTIVE",
  stopped: "SHUTOFF",
  paused: "PAUSED",
  suspended: "SUSPENDED",
  resized: "VERIFY_RESIZE",
  error: "ERROR",
  shelved_offloaded: "SHELVED_OFFLOADED",
  rescued: "RESCUE",
  deleted: "DELETED",
};

const POWER: Readonly<Record<SimServer["vm"], number>> = {
  building: 0,
  active: 1,
  stopped: 4,
  paused: 3,
  suspended: 4,
  resized: 1,
  error: 0,
  shelved_offloaded: 4,
  rescued: 1,
  deleted: 0,
};

export interface Viewer {
  origin: string;
  minor: number;
  admin: boolean;
  /** One server rather than a list. */
  alone?: boolean;
}

export function serverLinks(id: string, origin: string) {
  return [
    { rel: "self", href: `${origin}/compute/v2.1/servers/${id}` },
    { rel: "bookmark", href: `${origin}/compute/servers/${id}` },
  ];
}

export function serverView(server: SimServer, world: World, viewer: Viewer): Record<string, unknown> {
  const { minor, admin, origin } = viewer;
  const since = <T extends object>(version: number, fields: T): T | Record<string, never> =>
    minor >= version ? fields : {};
  const { id } = server;
  const groups = [...new Set(world.portsOf(id).flatMap((port) => port.groups))];
  const names = groups.flatMap((group) => world.groups.get(group)?.name ?? []);
  const zone = server.host === undefined ? server.zone : world.zoneOf(server.host);
  const host = server.host ?? null;
  const status = statusOf(server);
  const powerState = server.vm === "error" && server.launchedAt !== null ? 4 : POWER[server.vm];
  return {
    id,
    name: server.name,
    status,
    tenant_id: server.project,
    user_id: server.user,
    metadata: server.metadata,
    hostId: host === null ? "" : createHash("sha224").update(`${server.project}${host}`).digest("hex"),
    image:
      server.image === undefined
        ? ""
        : { id: server.image, links: [{ rel: "bookmark", href: `${origin}/compute/images/${server.image}` }] },
    flavor: flavorOf(server, viewer),
    created: isoSeconds(server.createdAt),
    updated: isoSeconds(server.updatedAt),
    addresses: addressesOf(server, world),
    accessIPv4: "",
    accessIPv6: "",
    links: serverLinks(id, origin),
    "OS-DCF:diskConfig": "MANUAL",
    ...(["ACTIVE", "BUILD", "REBUILD", "RESIZE", "VERIFY_RESIZE", "MIGRATING"].includes(status) ? { progress: 0 } : {}),
    "OS-EXT-AZ:availability_zone": zone,
    config_drive: server.configDrive ? "True" : "",
    key_name: server.keyName,
    "OS-SRV-USG:launched_at": usageInstant(server.launchedAt),
    "OS-SRV-USG:terminated_at": usageInstant(server.deletedAt ?? null),
    "OS-EXT-STS:task_state": server.task,
    "OS-EXT-STS:vm_state": server.vm,
    "OS-EXT-STS:power_state": powerState,
    "os-extended-volumes:volumes_attached": server.volumes.map((volume) => ({
      id: volume,
      ...since(3, { delete_on_termination: true }),
    })),
    ...(names.length > 0 ? { security_groups: names.map((name) => ({ name })) } : {}),
    ...(server.fault && status === "ERROR"
      ? { fault: { code: server.fault.code, created: isoSeconds(server.fault.created), message: server.fault.message } }
      : {}),
    ...(admin
      ? {
          "OS-EXT-SRV-ATTR:host": host,
          "OS-EXT-SRV-ATTR:instance_name": `instance-${id.slice(0, 8)}`,
          "OS-EXT-SRV-ATTR:hypervisor_hostname": host,
          ...since(3, {
            "OS-EXT-SRV-ATTR:reservation_id": server.reservation,
            "OS-EXT-SRV-ATTR:launch_index": 0,
            "OS-EXT-SRV-ATTR:hostname": server.hostname,
            "OS-EXT-SRV-ATTR:kernel_id": "",
            "OS-EXT-SRV-ATTR:ramdisk_id": "",
            "OS-EXT-SRV-ATTR:root_device_name": "/dev/vda",
            "OS-EXT-SRV-ATTR:user_data": server.userData,
          }),
          ...since(16, { host_status: host === null ? "" : "UP" }),
        }
      : since(90, { "OS-EXT-SRV-ATTR:hostname": server.hostname })),
    ...since(9, { locked: server.locked }),
    ...since(19, { description: server.description }),
    ...since(26, { tags: server.tags }),
    ...since(63, { trusted_image_certificates: null }),
    // Not in lists.
    ...(viewer.alone ? since(71, { server_groups: [] }) : {}),
    ...since(73, { locked_reason: null }),
  };
}

/** Without a zone, unlike any other instant of nova. */
const usageInstant = (ms: number | null): string | null =>
  ms === null ? null : isoSeconds(ms).replace("Z", ".000000");

function flavorOf({ flavor }: SimServer, { minor, origin }: Viewer): object {
  const { id, name, vcpus, ram, disk, extraSpecs } = flavor;
  if (minor < 47) return { id, links: [{ rel: "bookmark", href: `${origin}/compute/flavors/${id}` }] };
  return { vcpus, ram, disk, ephemeral: 0, swap: 0, original_name: name, extra_specs: extraSpecs };
}

/** By network name; nova shows none while it is still making the server. */
function addressesOf(server: SimServer, world: World): Record<string, object[]> {
  if (server.vm === "building" && server.task !== "spawning") return {};
  const addresses: Record<string, object[]> = {};
  for (const port of world.portsOf(server.id)) {
    const name = world.networks.get(port.network)?.name ?? "";
    const entry = (addr: string, kind: "fixed" | "floating") => ({
      version: addr.includes(":") ? 6 : 4,
      addr,
      "OS-EXT-IPS:type": kind,
      "OS-EXT-IPS-MAC:mac_addr": port.mac,
    });
    const floating = [...world.floatingIps.values()].filter((ip) => ip.port === port.id);
    addresses[name] = [
      ...(addresses[name] ?? []),
      ...port.ips.map(({ address }) => entry(address, "fixed")),
      ...floating.map(({ address }) => entry(address, "floating")),
    ];
  }
  return addresses;
}
