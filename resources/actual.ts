import type { Call } from "./cloud.ts";
import type { FirewallRule, FirewallText, PowerState } from "./spec.ts";

export interface ActualServer {
  id: string;
  /** Label or hostname as the cloud has it. */
  name: string;
  mark?: string;
  /** `changing` while the cloud is at work on it. */
  power: PowerState | "changing";
  /** The cloud's own status word. */
  status: string;
  size?: string;
  region: string;
  image?: string;
  ipv4: string[];
  ipv6: string[];
  vcpus?: number;
  memoryMiB?: number;
  diskGiB?: number;
  tags: string[];
  backups?: boolean;
  monitoring?: boolean;
  ipv6Enabled?: boolean;
  /** ISO instant. */
  createdAt?: string;
  /**
   * Set while a bare machine is being made ready: `power` is then `changing`, and a cloud may not show its mark, name and tags yet. `failed` says that
   * the cloud has given up on it.
   */
  provisioning?: { percent?: number; step?: string; failed?: true };
  /** The cloud has accepted its removal and takes it away by itself; `on` is the ISO instant where it is told. */
  leaving?: { on?: string };
  /** Where the cloud has rules at each machine (`capabilities.firewallScope: "server"`), and only when read one by one. */
  rules?: ActualRules;
  /** What the file of an adopted machine has under `provider:`, so that it asks for what is there. */
  options?: Record<string, unknown>;
  /** Name of the host that an instance runs on, where we may see it. */
  host?: string;
}

/** Rules in the order that they are tried, in the words of a fleet file and normalized as the cloud keeps them. */
export interface ActualRules {
  rules: FirewallRule[];
  inboundPolicy: "accept" | "drop";
  outboundPolicy: "accept" | "drop";
}

export interface ActualFirewall extends ActualRules {
  id: string;
  /** The cloud's label. */
  name: string;
  mark?: string;
  region?: string;
}

/** How the core finds that somebody changed rules by hand. */
export interface FirewallReader {
  /** Every firewall of the account, all pages, ours or not. */
  list(call: Call): Promise<ActualFirewall[]>;
  /** One firewall, or `undefined` when the cloud itself says that it is gone. */
  observe(id: string, call: Call): Promise<ActualFirewall | undefined>;
  /** What `list` reports when the firewall is as desired: the same rules in the same words and order (sorted where the cloud keeps none). */
  expect(firewall: FirewallText): ActualRules;
  /**
   * Takes away what the firewall lets through besides `firewall`. Present where the plugin knows each rule by itself, and so none that somebody else
   * has made.
   */
  trim?(id: string, firewall: FirewallText, call: Call): Promise<void>;
}

export interface ActualSnapshot {
  id: string;
  /** As the cloud has it, without the mark. */
  name: string;
  mark?: string;
  /** The cloud's own status word. */
  status: string;
  /** It is still being taken. */
  pending?: true;
  /** The cloud's id of the server that it was taken of, which may have gone. */
  server?: string;
  /** What the cloud counts. */
  sizeGiB?: number;
  /** ISO instant. */
  createdAt?: string;
  /** Where the cloud has some. */
  labels?: Record<string, string>;
}

/** How the core finds that somebody removed or changed a snapshot by hand. */
export interface SnapshotReader {
  /** Every snapshot of a server on the account, all pages, ours or not. */
  list(call: Call): Promise<ActualSnapshot[]>;
  /** One snapshot, or `undefined` when the cloud itself says that it is gone. */
  observe(id: string, call: Call): Promise<ActualSnapshot | undefined>;
}

export interface ActualAggregate {
  id: string;
  name: string;
  hosts: string[];
  metadata: Record<string, string>;
  availabilityZone?: string;
  mark?: string;
}

/** A machine of anybody's on a host. */
export interface HostInstance {
  id: string;
  name: string;
  status: string;
  flavor?: string;
  tenant?: string;
  /** ISO instant. */
  createdAt?: string;
  /** Where it is told. */
  host?: string;
}

/** A host as its cloud knows it. */
export interface ActualHost {
  name: string;
  /** `disabled`: its operator lets no new machines come to it. */
  status: "active" | "down" | "disabled" | "unknown";
  instances: number;
  /** That its instances were given. */
  gpusUsed: number;
  /** That it has; absent where the cloud does not tell. */
  gpus?: number;
}

export interface ActualNetwork {
  id: string;
  name: string;
  status: string;
  subnets: string[];
  mtu?: number;
  shared?: boolean;
  external?: boolean;
}

export interface ActualPort {
  id: string;
  name: string;
  network: string;
  status: string;
  addresses: string[];
  /** What it is for, without our mark. */
  description?: string;
  /** The server that it is plugged into. */
  server?: string;
  mark?: string;
}

export interface NetworkReader {
  /** Networks of this name, or the one of this id. */
  find(network: string, call: Call): Promise<ActualNetwork[]>;
  /** Every port that the account may see, all pages, ours or not. */
  ports(call: Call): Promise<ActualPort[]>;
  /** One port, or `undefined` when the cloud itself says that it is gone. */
  port(id: string, call: Call): Promise<ActualPort | undefined>;
  /** A server of anybody's, with the cloud's own word for its state; `undefined` when there is none of this id. */
  server(id: string, call: Call): Promise<HostInstance | undefined>;
  /** Servers of exactly this name, of anybody's. */
  serversNamed(name: string, call: Call): Promise<HostInstance[]>;
  /** Id of the one running server of exactly this name, of anybody's, which takes a port now; `undefined` while there is none, or several. */
  runningNamed(name: string, call: Call): Promise<string | undefined>;
}

export interface HostAggregates {
  list(call: Call): Promise<ActualAggregate[]>;
  /** Instances of every tenant on this host. */
  instances(host: string, call: Call): Promise<HostInstance[]>;
  /** Names of all hosts that run machines, in an aggregate or not. */
  names(call: Call): Promise<string[]>;
  /** These hosts with what runs on them, in the same order. @param gpuType whose number is meant where a host has other devices too */
  describe(hosts: readonly { name: string; gpuType: string }[], call: Call): Promise<ActualHost[]>;
  /** Names of tenants by their ids; one that cannot be read is left out. */
  tenants(ids: readonly string[], call: Call): Promise<ReadonlyMap<string, string>>;
}

/** The comparable part of a desired server in the words of `ActualServer`. Absent fields are not compared. */
export type ExpectedServer = Partial<
  Pick<
    ActualServer,
    | "name"
    | "size"
    | "region"
    | "vcpus"
    | "memoryMiB"
    | "diskGiB"
    | "tags"
    | "backups"
    | "monitoring"
    | "ipv6Enabled"
    | "rules"
  >
> & { power: PowerState };
