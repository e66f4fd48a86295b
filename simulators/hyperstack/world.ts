import { Clock } from "../clock.ts";
import { Collection } from "../collection.ts";
import { Ids } from "../ids.ts";
import type { SimulatorOptions } from "../simulator.ts";
import { type Flavor, REGIONS } from "./catalog.ts";
import { missing } from "./errors.ts";

export interface Environment {
  id: number;
  name: string;
  region: string;
  createdMs: number;
}

export interface KeyPair {
  id: number;
  name: string;
  environment: Environment;
  publicKey: string;
  fingerprint: string;
  createdMs: number;
}

export interface SecurityRule {
  id: number;
  direction: "ingress" | "egress";
  ethertype: "IPv4" | "IPv6";
  protocol: string;
  portMin: number | undefined;
  portMax: number | undefined;
  prefix: string;
  createdMs: number;
}

export interface Firewall {
  id: number;
  name: string;
  description: string;
  environment: Environment;
  rules: SecurityRule[];
  attachments: { id: number; instanceId: number; createdMs: number }[];
  createdMs: number;
}

/** States that last. */
export type SteadyStatus = "ACTIVE" | "SHUTOFF" | "HIBERNATED" | "ERROR";

export interface Instance {
  id: number;
  name: string;
  environment: Environment;
  flavor: Flavor;
  image: string;
  keyName: string;
  status: string;
  /** What it was, or will be, while it is not at work. */
  steady: SteadyStatus;
  fixedIp: string;
  floatingIp: string | undefined;
  floatingIpStatus: "ATTACHED" | "ATTACHING" | "DETACHING" | undefined;
  wantsPublicIp: boolean;
  portRandomization: boolean;
  labels: string[];
  rules: SecurityRule[];
  createdMs: number;
}

export interface VmEvent {
  instanceId: number;
  type: string;
  reason: string;
  message: string;
  timeMs: number;
}

export interface Volume {
  id: number;
  name: string;
  environment: Environment;
  size: number;
  type: string;
  description: string;
  createdMs: number;
}

const DEFAULT_PROVISION_MS = 600;
const DEFAULT_ACTION_MS = 200;

/** Everything the simulated organization has. */
export class HyperstackWorld {
  readonly clock = new Clock();
  readonly ids: Ids;
  readonly provisionMs: number;
  readonly actionMs: number;
  readonly environments: Collection<Environment>;
  readonly keyPairs: Collection<KeyPair>;
  readonly firewalls: Collection<Firewall>;
  readonly instances: Collection<Instance>;
  readonly volumes: Collection<Volume>;
  readonly events: VmEvent[] = [];
  #addresses = 0;

  constructor(options: SimulatorOptions) {
    const { clock } = this;
    const lagMs = options.listLagMs;
    this.ids = new Ids(options.seed);
    this.provisionMs = options.provisionMs ?? DEFAULT_PROVISION_MS;
    this.actionMs = options.actionMs ?? DEFAULT_ACTION_MS;
    const idOf = ({ id }: { id: number }) => id;
    const keysOf = ({ name }: { name: string }) => [name];
    this.environments = new Collection<Environment>({ clock, idOf, keysOf });
    this.keyPairs = new Collection<KeyPair>({ clock, idOf, keysOf, lagMs });
    this.firewalls = new Collection<Firewall>({ clock, idOf, keysOf, lagMs });
    this.instances = new Collection<Instance>({ clock, idOf, keysOf, lagMs });
    this.volumes = new Collection<Volume>({ clock, idOf, keysOf });
    // Every organization has one in each region.
    for (const { name } of REGIONS) this.addEnvironment(`default-${name}`, name);
  }

  addEnvironment(name: string, region: string): Environment {
    return this.environments.add({ id: this.ids.integer(), name, region, createdMs: this.clock.now() });
  }

  /** @throws {HyperstackError} 404 */
  environment(name: string): Environment {
    const [found] = this.environments.withKey(name);
    if (!found) throw missing(`Environment ${name}`);
    return found;
  }

  /** The next address of networks that are used for benchmarks only. */
  publicAddress(): string {
    const n = ++this.#addresses;
    return `198.${18 + ((n >> 16) & 1)}.${(n >> 8) & 255}.${n & 255}`;
  }

  privateAddress(): string {
    const n = ++this.#addresses;
    return `10.0.${(n >> 8) & 255}.${n & 255}`;
  }

  note({ id }: Instance, type: string, reason: string, message: string): void {
    this.events.push({ instanceId: id, type, reason, message, timeMs: this.clock.now() });
  }
}
