import { Clock } from "../clock.ts";
import { Collection } from "../collection.ts";
import { Ids } from "../ids.ts";
import type { SimulatorOptions } from "../simulator.ts";
import { Sale } from "./catalog.ts";
import { EventLog } from "./events.ts";

export type LinodeStatus =
  | "provisioning"
  | "booting"
  | "running"
  | "shutting_down"
  | "offline"
  | "rebooting"
  | "migrating"
  | "deleting"
  | "billing_suspension";

/** Absent fields were not sent. */
export interface Given {
  rootPassword?: string;
  stackscriptId?: number;
  stackscriptData?: Record<string, string>;
}

export interface Linode {
  id: number;
  label: string;
  group: string;
  tags: string[];
  type: string;
  region: string;
  image: string | null;
  status: LinodeStatus;
  createdMs: number;
  updatedMs: number;
  hostUuid: string;
  ipv4: string;
  privateIpv4: string | undefined;
  ipv6: string;
  watchdog: boolean;
  hasUserData: boolean;
  /** What it was made with, which no answer tells. */
  given: Given;
  backups: { enabled: boolean; day: string | null; window: string | null };
  alerts: { cpu: number; io: number; network_in: number; network_out: number; transfer_quota: number };
}

export interface Disk {
  id: number;
  label: string;
  filesystem: "ext4" | "swap";
  /** MB. */
  size: number;
  createdMs: number;
  updatedMs: number;
}

export interface BootConfig {
  id: number;
  label: string;
  comments: string;
  kernel: string;
  memory_limit: number;
  root_device: string;
  run_level: string;
  virt_mode: string;
  /** By slot, `sda` to `sdh`; empty slots are absent. */
  devices: Record<string, { disk_id: number }>;
  helpers: Record<string, boolean>;
}

export interface FirewallRule {
  action: "ACCEPT" | "DROP";
  protocol: "TCP" | "UDP" | "ICMP" | "IPENCAP";
  label?: string;
  description?: string;
  ports?: string;
  addresses: { ipv4?: string[]; ipv6?: string[] };
}

export interface FirewallRules {
  inbound: FirewallRule[];
  inbound_policy: "ACCEPT" | "DROP";
  outbound: FirewallRule[];
  outbound_policy: "ACCEPT" | "DROP";
  version: number;
}

export interface FirewallDevice {
  id: number;
  linodeId: number;
  createdMs: number;
}

export interface Firewall {
  id: number;
  label: string;
  status: "enabled" | "disabled";
  tags: string[];
  rules: FirewallRules;
  devices: FirewallDevice[];
  createdMs: number;
  updatedMs: number;
}

export interface SshKey {
  id: number;
  label: string;
  sshKey: string;
  createdMs: number;
}

const DEFAULT_PROVISION_MS = 600;
const DEFAULT_ACTION_MS = 200;

/** Everything the simulated account has. */
export class LinodeWorld {
  readonly clock = new Clock();
  readonly sale = new Sale();
  readonly ids: Ids;
  readonly provisionMs: number;
  readonly actionMs: number;
  readonly events: EventLog;
  readonly linodes: Collection<Linode>;
  readonly disks = new Map<number, Disk[]>();
  readonly configs = new Map<number, BootConfig[]>();
  readonly firewalls: Collection<Firewall>;
  readonly sshKeys: Collection<SshKey>;
  /** Tags by their lower-case form: they live on when nothing carries them. */
  readonly tags = new Map<string, string>();
  #addresses = 0;

  constructor(options: SimulatorOptions) {
    const { clock } = this;
    const lagMs = options.listLagMs;
    this.ids = new Ids(options.seed);
    this.provisionMs = options.provisionMs ?? DEFAULT_PROVISION_MS;
    this.actionMs = options.actionMs ?? DEFAULT_ACTION_MS;
    this.events = new EventLog(clock, this.ids);
    this.linodes = new Collection({
      clock,
      lagMs,
      idOf: (linode: Linode) => linode.id,
      keysOf: (linode) => [labelKey(linode.label), ...linode.tags.map(tagKey)],
    });
    this.firewalls = new Collection({
      clock,
      lagMs,
      idOf: (firewall: Firewall) => firewall.id,
      keysOf: (firewall) => [labelKey(firewall.label), ...firewall.devices.map((device) => deviceKey(device.linodeId))],
    });
    this.sshKeys = new Collection({ clock, lagMs, idOf: (key: SshKey) => key.id });
  }

  /** The next address of a network that is used for benchmarks only, so that nothing in it is ever reached. */
  address(): { ipv4: string; ipv6: string; privateIpv4: string } {
    this.#addresses += 1;
    const n = this.#addresses;
    return {
      ipv4: `198.${18 + ((n >> 16) & 1)}.${(n >> 8) & 255}.${n & 255}`,
      ipv6: `2001:db8::f03c:95ff:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}`,
      privateIpv4: `192.168.${128 + ((n >> 8) & 127)}.${n & 255}`,
    };
  }

  /** Makes the tags known to the account. */
  knowTags(tags: readonly string[]): void {
    for (const tag of tags) if (!this.tags.has(tag.toLowerCase())) this.tags.set(tag.toLowerCase(), tag);
  }

  touch(linode: Linode): void {
    linode.updatedMs = this.clock.now();
    this.linodes.changed(linode);
  }
}

export const labelKey = (label: string): string => `label:${label.toLowerCase()}`;
export const tagKey = (tag: string): string => `tag:${tag.toLowerCase()}`;
export const deviceKey = (linodeId: number): string => `linode:${linodeId}`;
