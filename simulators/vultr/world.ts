import { Clock } from "../clock.ts";
import { Collection } from "../collection.ts";
import { Ids } from "../ids.ts";
import type { SimulatorOptions } from "../simulator.ts";
import { PLANS } from "./catalog.ts";

/** What a machine was made from. */
export interface Source {
  osId: number;
  appId: number;
  imageId: string;
  snapshotId?: string;
}

interface Machine extends Source {
  id: string;
  label: string;
  hostname: string;
  region: string;
  plan: string;
  tags: string[];
  createdMs: number;
  ipv6: boolean;
  userData: string;
  addresses: { v4: string; v6: string; v6Network: string };
}

export interface BackupSchedule {
  type: string;
  hour: number;
  dow: number;
  dom: number;
}

export interface Instance extends Machine {
  status: "pending" | "active" | "suspended" | "resizing";
  power: "running" | "stopped";
  server: "none" | "locked" | "installingbooting" | "ok";
  backups: boolean;
  schedule: BackupSchedule;
  ddos: boolean;
  publicV4: boolean;
  groupId: string;
}

export interface BareMetal extends Machine {
  status: "pending" | "active" | "suspended";
  /** Nothing in the API tells it. */
  isOn: boolean;
  mac: number;
}

export interface Rule {
  id: number;
  ipType: "v4" | "v6";
  protocol: string;
  port: string;
  subnet: string;
  subnetSize: number;
  source: string;
  notes: string;
}

export interface FirewallGroup {
  id: string;
  description: string;
  createdMs: number;
  modifiedMs: number;
  rules: Rule[];
  nextRule: number;
}

export interface AccountKey {
  id: string;
  name: string;
  sshKey: string;
  createdMs: number;
}

export interface Snapshot {
  id: string;
  description: string;
  createdMs: number;
  status: "pending" | "complete";
  sizeBytes: number;
  /** Of the instance that it was taken of. */
  plan: string;
  osId: number;
  appId: number;
}

const DEFAULT_PROVISION_MS = 600;
const DEFAULT_ACTION_MS = 200;
/** Bare metal takes so many times as long to be made as an instance. */
const METAL_SHARE = 5;

/** Everything the simulated account has. */
export class VultrWorld {
  readonly clock = new Clock();
  readonly ids: Ids;
  readonly provisionMs: number;
  readonly metalProvisionMs: number;
  readonly actionMs: number;
  readonly instances: Collection<Instance>;
  readonly metals: Collection<BareMetal>;
  readonly groups: Collection<FirewallGroup>;
  readonly keys: Collection<AccountKey>;
  readonly snapshots: Collection<Snapshot>;
  #addresses = 0;

  constructor(options: SimulatorOptions) {
    const { clock } = this;
    const lagMs = options.listLagMs;
    this.ids = new Ids(options.seed);
    this.provisionMs = options.provisionMs ?? DEFAULT_PROVISION_MS;
    this.metalProvisionMs = this.provisionMs * METAL_SHARE;
    this.actionMs = options.actionMs ?? DEFAULT_ACTION_MS;
    const idOf = ({ id }: { id: string }) => id;
    this.instances = new Collection<Instance>({ clock, lagMs, idOf });
    this.metals = new Collection<BareMetal>({ clock, lagMs, idOf });
    this.groups = new Collection<FirewallGroup>({ clock, lagMs, idOf });
    this.keys = new Collection<AccountKey>({ clock, lagMs, idOf });
    this.snapshots = new Collection<Snapshot>({ clock, lagMs, idOf });
  }

  diskBytes(plan: string): number {
    return (PLANS.get(plan)?.disk ?? 0) * 1024 ** 3;
  }

  /** The next addresses of networks that are used for benchmarks and documentation only. */
  address(): Machine["addresses"] {
    this.#addresses += 1;
    const n = this.#addresses;
    const v6Network = `2001:db8:${(n >> 16).toString(16)}:${(n & 0xffff).toString(16)}::`;
    return {
      v4: `198.${18 + ((n >> 16) & 1)}.${(n >> 8) & 255}.${n & 255}`,
      v6: `${v6Network}64`,
      v6Network,
    };
  }
}
