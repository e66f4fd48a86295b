import { Collection } from "../collection.ts";
import type { Clock, Ids } from "../kit.ts";

export interface Flavor {
  id: string;
  name: string;
  vcpus: number;
  ram: number;
  disk: number;
  extraSpecs: Record<string, string>;
}

export interface Image {
  id: string;
  name: string;
  minDisk: number;
  sizeBytes: number;
  visibility: "public" | "private";
  owner: string;
  hidden?: boolean;
  /** Of one that Nova has made: as Glance tells it. Default active. */
  status?: "queued" | "saving" | "active";
  /** Properties beside Glance's own. */
  properties?: Record<string, string>;
  createdAt?: number;
}

export interface Host {
  id: string;
  name: string;
  vcpus: number;
  memoryMiB: number;
  diskGiB: number;
  /** Devices by the alias that flavors ask for them under. */
  gpus: Record<string, number>;
  up: boolean;
  /** Its operator lets no new servers come to it. */
  disabled?: boolean;
}

export interface Aggregate {
  id: number;
  uuid: string;
  name: string;
  zone: string | null;
  hosts: string[];
  metadata: Record<string, string>;
  createdAt: number;
  updatedAt: number | null;
}

export type VmState =
  | "building"
  | "active"
  | "stopped"
  | "paused"
  | "suspended"
  | "resized"
  | "error"
  | "shelved_offloaded"
  | "rescued"
  | "deleted";

export interface SimServer {
  id: string;
  name: string;
  hostname: string;
  project: string;
  user: string;
  flavor: Flavor;
  /** The one that a resize left, until it is confirmed or reverted. */
  oldFlavor?: Flavor;
  /** The state to go back to once a resize is confirmed. */
  oldState?: VmState;
  image: string | undefined;
  zone: string;
  host: string | undefined;
  metadata: Record<string, string>;
  tags: string[];
  keyName: string | null;
  userData: string | null;
  configDrive: boolean;
  volumes: string[];
  description: string | null;
  vm: VmState;
  task: string | null;
  locked: boolean;
  fault?: { code: number; message: string; created: number };
  createdAt: number;
  updatedAt: number;
  launchedAt: number | null;
  deletedAt?: number;
  reservation: string;
}

export interface KeyPair {
  name: string;
  user: string;
  publicKey: string;
  fingerprint: string;
  type: string;
  createdAt: number;
}

export interface Network {
  id: string;
  name: string;
  project: string;
  shared: boolean;
  external: boolean;
  subnets: string[];
}

export interface Subnet {
  id: string;
  name: string;
  network: string;
  project: string;
  version: 4 | 6;
  cidr: string;
  gateway: string;
}

export interface Port {
  id: string;
  name: string;
  network: string;
  project: string;
  mac: string;
  ips: { subnet: string; address: string }[];
  groups: string[];
  device: string;
  deviceOwner: string;
  description: string;
  /** Made by nova for its server, and removed with it. */
  ofServer: boolean;
  createdAt: number;
}

export interface Rule {
  id: string;
  direction: "ingress" | "egress";
  ethertype: "IPv4" | "IPv6";
  protocol: string | null;
  min: number | null;
  max: number | null;
  prefix: string | null;
  group: string | null;
  description: string;
}

export interface Group {
  id: string;
  name: string;
  description: string;
  project: string;
  rules: Rule[];
  createdAt: number;
  updatedAt: number;
}

export interface FloatingIp {
  id: string;
  address: string;
  network: string;
  port: string | null;
  project: string;
  description: string;
  createdAt: number;
}

export interface Quotas {
  instances: number;
  cores: number;
  ram: number;
  key_pairs: number;
  metadata_items: number;
  security_group: number;
  security_group_rule: number;
}

export interface Timing {
  provisionMs: number;
  actionMs: number;
  listLagMs: number;
}

/** Everything that the simulated cloud holds. */
export class World {
  readonly flavors = new Map<string, Flavor>();
  readonly images = new Map<string, Image>();
  readonly hosts = new Map<string, Host>();
  readonly aggregates = new Map<number, Aggregate>();
  readonly servers: Collection<SimServer>;
  /** As they were last: nova keeps the rows of deleted servers until its operator archives them. */
  readonly deleted: Collection<SimServer>;
  /** By `USER/NAME`. */
  readonly keys = new Map<string, KeyPair>();
  readonly networks = new Map<string, Network>();
  readonly subnets = new Map<string, Subnet>();
  readonly ports = new Map<string, Port>();
  readonly groups = new Map<string, Group>();
  readonly floatingIps = new Map<string, FloatingIp>();
  readonly quotas = new Map<string, Partial<Quotas>>();
  readonly clock: Clock;
  readonly ids: Ids;
  readonly timing: Timing;
  lastAggregate = 0;
  #addresses = 10;

  constructor(timing: Timing, clock: Clock, ids: Ids) {
    this.timing = timing;
    this.clock = clock;
    this.ids = ids;
    this.servers = new Collection({ clock, idOf: ({ id }) => id, lagMs: timing.listLagMs });
    this.deleted = new Collection({ clock, idOf: ({ id }) => id, lagMs: timing.listLagMs });
  }

  quota(project: string): Quotas {
    return { ...DEFAULT_QUOTAS, ...this.quotas.get(project) };
  }

  zoneOf(host: string): string {
    for (const { zone, hosts } of this.aggregates.values()) if (zone && hosts.includes(host)) return zone;
    return DEFAULT_ZONE;
  }

  zones(): string[] {
    return [...new Set([...this.hosts.keys()].map((host) => this.zoneOf(host)))].sort();
  }

  portsOf(server: string): Port[] {
    return [...this.ports.values()].filter((port) => port.device === server);
  }

  /** The project's group that guards what names none. */
  defaultGroup(project: string): Group {
    for (const group of this.groups.values()) if (group.project === project && group.name === "default") return group;
    const now = this.clock.now();
    const group: Group = {
      id: this.ids.uuid(),
      name: "default",
      description: "Default security group",
      project,
      rules: [],
      createdAt: now,
      updatedAt: now,
    };
    this.addEgress(group);
    for (const ethertype of ["IPv4", "IPv6"] as const) {
      group.rules.push({ ...this.#rule("ingress", ethertype), group: group.id });
    }
    this.groups.set(group.id, group);
    return group;
  }

  /** What every new group lets out. */
  addEgress(group: Group): void {
    for (const ethertype of ["IPv4", "IPv6"] as const) group.rules.push(this.#rule("egress", ethertype));
  }

  #rule(direction: Rule["direction"], ethertype: Rule["ethertype"]): Rule {
    return {
      id: this.ids.uuid(),
      direction,
      ethertype,
      protocol: null,
      min: null,
      max: null,
      prefix: null,
      group: null,
      description: "",
    };
  }

  addPort(network: Network, project: string, parts: Partial<Port> = {}): Port {
    const number = ++this.#addresses;
    const ips = network.subnets.map((id) => {
      const subnet = this.subnets.get(id) as Subnet;
      return { subnet: id, address: addressIn(subnet, number) };
    });
    const tail = this.ids.hex(6);
    const port: Port = {
      id: this.ids.uuid(),
      name: "",
      network: network.id,
      project,
      mac: `fa:16:3e:${tail.slice(0, 2)}:${tail.slice(2, 4)}:${tail.slice(4)}`,
      ips,
      groups: [this.defaultGroup(project).id],
      device: "",
      deviceOwner: "",
      description: "",
      ofServer: false,
      createdAt: this.clock.now(),
      ...parts,
    };
    this.ports.set(port.id, port);
    return port;
  }

  /** Networks that a server of this project can be put on without being named. */
  usableNetworks(project: string): Network[] {
    return [...this.networks.values()].filter(
      (network) => !network.external && (network.project === project || network.shared),
    );
  }

  removeServer(server: SimServer): void {
    this.servers.delete(server.id);
    const now = this.clock.now();
    this.deleted.add({ ...server, vm: "deleted", task: null, updatedAt: now, deletedAt: now });
    for (const port of this.portsOf(server.id)) {
      if (port.ofServer) this.ports.delete(port.id);
      else Object.assign(port, { device: "", deviceOwner: "" });
      for (const ip of this.floatingIps.values()) if (ip.port === port.id && port.ofServer) ip.port = null;
    }
  }
}

export const DEFAULT_ZONE = "nova";

const DEFAULT_QUOTAS: Quotas = {
  instances: 5_000,
  cores: 100_000,
  ram: 500_000_000,
  key_pairs: 100,
  metadata_items: 128,
  security_group: 100,
  security_group_rule: 1_000,
};

function addressIn({ version, cidr }: Subnet, number: number): string {
  if (version === 6) return `${cidr.replace(/::\/\d+$/, "::")}${(number + 1).toString(16)}`;
  const [a, b] = cidr.split(".");
  return `${a}.${b}.${Math.floor(number / 250) % 250}.${(number % 250) + 2}`;
}
