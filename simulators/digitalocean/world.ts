import { Clock } from "../clock.ts";
import { Collection } from "../collection.ts";
import { Ids } from "../ids.ts";
import type { SimulatorOptions } from "../simulator.ts";
import { findImage, type Image, Sale } from "./catalog.ts";

export interface Droplet {
  id: number;
  name: string;
  size: string;
  region: string;
  image: Image;
  status: "new" | "active" | "off" | "archive";
  locked: boolean;
  createdMs: number;
  /** GB; less than the size's when it was resized without its disk. */
  disk: number;
  tags: string[];
  backups: boolean;
  ipv6: boolean;
  monitoring: boolean;
  /** Asked for by its old flag; every droplet has it today, but the official plugin wants to read back what it sent. */
  privateNetworking: boolean;
  agent: boolean;
  vpcUuid: string;
  snapshotIds: number[];
  /** What it was made with, which no answer tells. */
  given: { userData?: string; sshKeys: string[] };
  /** Undefined until the network is set up. */
  addresses: { publicV4: string; privateV4: string; v6: string } | undefined;
}

export interface Action {
  id: number;
  type: string;
  status: "in-progress" | "completed" | "errored";
  startedMs: number;
  completedMs: number | undefined;
  dropletId: number;
  region: string;
}

export interface Targets {
  addresses?: string[];
  droplet_ids?: number[];
  load_balancer_uids?: string[];
  kubernetes_ids?: string[];
  tags?: string[];
}

export interface Rule {
  protocol: "tcp" | "udp" | "icmp";
  /** "0" means all. */
  ports: string;
  targets: Targets;
}

export interface Firewall {
  id: string;
  name: string;
  createdMs: number;
  /** Droplets that still wait for the last change. */
  pending: { droplet_id: number; removing: boolean; status: string }[];
  status: "waiting" | "succeeded";
  dropletIds: number[];
  tags: string[];
  inbound: Rule[];
  outbound: Rule[];
}

export interface Snapshot {
  id: number;
  name: string;
  dropletId: number;
  region: string;
  /** Of the second in which its action began. */
  createdMs: number;
  minDiskGb: number;
  distribution: string;
}

export interface AccountKey {
  id: number;
  name: string;
  publicKey: string;
  fingerprint: string;
}

const DEFAULT_PROVISION_MS = 600;
const DEFAULT_ACTION_MS = 200;

/** Everything the simulated team has. */
export class DigitalOceanWorld {
  readonly clock = new Clock();
  readonly sale = new Sale();
  readonly ids: Ids;
  readonly provisionMs: number;
  readonly actionMs: number;
  readonly droplets: Collection<Droplet>;
  readonly actions: Collection<Action>;
  readonly firewalls: Collection<Firewall>;
  readonly keys: Collection<AccountKey>;
  readonly snapshots: Collection<Snapshot>;
  /** Tags by their lower-case form: they live on when nothing carries them. */
  readonly tags = new Map<string, string>();
  readonly vpcs = new Map<string, { id: string; region: string; createdMs: number }>();
  #addresses = 0;

  constructor(options: SimulatorOptions) {
    const { clock } = this;
    const lagMs = options.listLagMs;
    this.ids = new Ids(options.seed);
    this.provisionMs = options.provisionMs ?? DEFAULT_PROVISION_MS;
    this.actionMs = options.actionMs ?? DEFAULT_ACTION_MS;
    this.droplets = new Collection({
      clock,
      lagMs,
      idOf: (droplet: Droplet) => droplet.id,
      keysOf: (droplet) => [nameKey(droplet.name), ...droplet.tags.map(tagKey)],
    });
    this.actions = new Collection({
      clock,
      idOf: (action: Action) => action.id,
      keysOf: (action) => [String(action.dropletId)],
    });
    this.firewalls = new Collection({
      clock,
      lagMs,
      idOf: (firewall: Firewall) => firewall.id,
      keysOf: (firewall) => [nameKey(firewall.name)],
    });
    this.keys = new Collection({
      clock,
      lagMs,
      idOf: (key: AccountKey) => key.id,
      keysOf: (key) => [key.fingerprint],
    });
    this.snapshots = new Collection({
      clock,
      lagMs,
      idOf: (snapshot: Snapshot) => snapshot.id,
      keysOf: (snapshot) => [String(snapshot.dropletId)],
    });
  }

  /** The next addresses of networks that are used for benchmarks and documentation only. */
  address(): NonNullable<Droplet["addresses"]> {
    this.#addresses += 1;
    const n = this.#addresses;
    return {
      publicV4: `198.${18 + ((n >> 16) & 1)}.${(n >> 8) & 255}.${n & 255}`,
      privateV4: `10.${108 + ((n >> 16) & 15)}.${(n >> 8) & 255}.${n & 255}`,
      v6: `2001:db8:a880:800::${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}`,
    };
  }

  /** What a create may be made from: what is sold, what was uploaded, and snapshots by their ids. */
  findImage(key: string | number): Image | undefined {
    const known = findImage(key);
    const snapshot = known === undefined ? this.snapshots.get(String(key)) : undefined;
    return snapshot === undefined ? known : imageOf(snapshot);
  }

  /** The default VPC of a region, made when something first needs it. */
  vpcOf(region: string): string {
    let vpc = this.vpcs.get(region);
    if (!vpc) {
      vpc = { id: this.ids.uuid(), region, createdMs: this.clock.now() };
      this.vpcs.set(region, vpc);
    }
    return vpc.id;
  }

  /** Makes the tags known to the account, and answers them as they were first written. */
  knowTags(tags: readonly string[]): string[] {
    const known = tags.map((tag) => {
      const existing = this.tags.get(tag.toLowerCase());
      if (existing === undefined) this.tags.set(tag.toLowerCase(), tag);
      return existing ?? tag;
    });
    return [...new Set(known)];
  }
}

/** A snapshot as the image that it is. */
export const imageOf = ({ id, name, minDiskGb, distribution }: Snapshot): Image => ({
  id,
  slug: "",
  name,
  distribution,
  kind: "snapshot",
  minDiskGb,
  description: "",
});

export const nameKey = (name: string): string => `name:${name.toLowerCase()}`;
export const tagKey = (tag: string): string => `tag:${tag.toLowerCase()}`;
