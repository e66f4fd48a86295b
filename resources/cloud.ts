import type * as pulumi from "@pulumi/pulumi";
import type {
  ActualServer,
  ExpectedServer,
  FirewallReader,
  HostAggregates,
  NetworkReader,
  SnapshotReader,
} from "./actual.ts";
import type { Budget } from "./budget.ts";
import type { Catalog, MarketplaceItem } from "./catalog.ts";
import type { FleetErrorCode } from "./errors.ts";
import type { GatewayProfile } from "./gateway-profile.ts";
import type { ConsoleReader, MetricsReader } from "./insight.ts";
import type { CloudTypes } from "./plugin/package.ts";
import type { ServerProblem } from "./problems.ts";
import type { Showcase } from "./showcase.ts";
import type {
  AccountSpec,
  AggregateHostSpec,
  AggregateSpec,
  EndOfLife,
  FirewallSpec,
  FirewallText,
  KeySpec,
  Labels,
  PortSpec,
  ServerSecrets,
  ServerSpec,
  SnapshotSpec,
} from "./spec.ts";
import type { Wire } from "./wire.ts";

export type { EndOfLife } from "./spec.ts";

/**
 * The seam between the core and a cloud. A cloud translates and does not decide: drift, adoption, pruning and retries belong to the core.
 * Machines are made and unmade by the Pulumi engine through what the declarations return; every other method may be repeated.
 */
export interface Cloud {
  readonly name: string;
  /** How people write it: "DigitalOcean". */
  readonly title: string;
  readonly capabilities: Capabilities;
  /** Fields an Account's `credentials` may have. */
  readonly credentials: Readonly<Record<string, CredentialField>>;
  /** JSON Schemas (2020-12) of `options` in Account and of `provider` in Server. */
  readonly schemas: { account: object; server: object };
  /** The public address of the API, without a version path; undefined where each account has its own (Proxmox). */
  readonly endpoint?: string;
  /** Rate limits by scope, as the cloud counts them. A scope `NAME@PLACE` has a bucket of its own with the limit of `NAME`. */
  readonly limits: Readonly<Record<string, RateLimit>>;
  /** Set where the provider has closed its service: no new servers there, and those that are left can be moved by `rehome`. */
  readonly ended?: EndOfLife;

  /** Every server of the account, all pages, ours or not: this is how drift, orphans and lost creates are found. */
  list(call: Call): AsyncIterable<ActualServer>;
  /**
   * What has changed since an ISO instant of our clock, in one call where that is nothing. It may repeat what changed a little earlier, and may not
   * tell every change: `list` still has the last word at times. Undefined where the cloud cannot be sure of what it leaves out. Present where it has
   * such a feed.
   */
  changes?(since: string, call: Call): Promise<Changes | undefined>;
  /** The actual server, or `undefined` when the cloud itself says that it is gone. Changes nothing. */
  observe(id: string, call: Call): Promise<ActualServer | undefined>;
  /** Servers that carry this mark, by the cloud's strongest look-up; also ones still being made. */
  findByMark(mark: string, server: ServerSpec, call: Call): Promise<ActualServer[]>;
  /** Returns when the cloud has accepted the action and the machine has reached the state; throws DEADLINE at `signal`. */
  power(id: string, action: PowerAction, call: Call): Promise<void>;
  /** Writes our owner mark on a running machine that a commit adopts by id. */
  claim(id: string, mark: string, call: Call): Promise<void>;
  /** Plans, images and regions on sale now, with prices. Read anew at each call; the core keeps it. */
  catalog(call: Call): Promise<Catalog>;
  /** One-click applications and start scripts, where the cloud has some. Read anew at each call; the core keeps it. */
  marketplace?(call: Call): Promise<MarketplaceItem[]>;
  /** What it sells, in all the words that somebody who chooses is shown. Present where a dialect shows it. */
  readonly showcase?: Showcase;
  /** What the account's credentials may do, told by the cloud in one request. Present where the cloud has such a request. */
  access?(call: Call): Promise<Access>;
  /** What the cloud measures of a machine. Present where it has that. */
  readonly metrics?: MetricsReader;
  /** The way to a machine's screen. Present where the cloud has one. */
  readonly console?: ConsoleReader;
  /** Firewalls with their rules as the cloud has them now. Present where `capabilities.firewalls`. */
  readonly firewalls?: FirewallReader;
  /** Snapshots as the cloud has them now. Present where `capabilities.snapshots`. */
  readonly snapshots?: SnapshotReader;
  /** Aggregates of hosts, on clouds whose operators we are. */
  readonly hosts?: HostAggregates;
  /** What `list` and `observe` report when the machine is as desired; only fields this cloud can report. */
  expect(server: ServerSpec, mark: string): ExpectedServer;
  /** Actual tags back to the labels of a fleet file (without the mark); undefined when they cannot be told apart. */
  labelsOf(actual: ActualServer): Labels | undefined;

  /** What this cloud cannot take in the server's file, found without asking the cloud. Empty when all is well. */
  problems?(server: ServerSpec): ServerProblem[];
  /** Why the cloud takes no snapshot of such a server, found without asking it; undefined when it does. */
  snapshotProblem?(server: ServerSpec): string | undefined;
  /** What this cloud cannot express of a firewall, by path in the firewall's file: `["rules", 0, "protocol"]`. */
  firewallProblems?(firewall: FirewallText): { path: readonly (string | number)[]; message: string }[];
  /** Fields (paths of the server's file) that make this very change a replace although `capabilities.inPlace` has them. */
  mustReplace?(before: ServerSpec, after: ServerSpec): string[];
  /** The id of `ActualServer` for the id that the first resource of the server's group has in state. The same when absent. */
  idOf?(resourceId: string, server: ServerSpec): string;

  /** The Pulumi side, loaded only where a program runs. */
  declarations(): Promise<Declarations>;
  /** Present where servers stand on networks of the account. */
  readonly networks?: NetworkReader;
  /** Present where machines of a partner's clouds are launched. */
  readonly launching?: Launching;
  /** URN types and names of a server's closed group, without the Power; also needed when the program no longer declares it. */
  group(server: ServerSpec, identity: string): ResourceName[];
  /** The URN type and name of an object of the base stack; undefined where the cloud has no such object. */
  shared(object: SharedSpec, identity: string): ResourceName | undefined;
  /** Present where an official plugin is sent through the loopback gateway. */
  readonly gateway?: GatewayProfile;
  /** Resource types of our own package that this cloud has besides the Power; loaded only where the package is served. */
  types?(): Promise<CloudTypes>;
}

/** What credentials may do, in the cloud's own words. */
export interface Access {
  /** Whose they are: a user, a token, a project. */
  identity?: string;
  may: string[];
  /** What a fleet needs and they are known not to have. */
  lacks?: string[];
  /** ISO instant when they end. */
  expires?: string;
}

/** What a cloud's feed tells. */
export interface Changes {
  /** Servers that are new or not as they were, as they are now. */
  changed: ActualServer[];
  /** Ids of servers that the cloud tells as deleted: suspects, until a direct look agrees. */
  deleted: string[];
}

/** What servers of an account share, and so lives in its base stack. */
/** What is read and told of a launch. */
export interface Launching {
  images(call: Call, region?: string): Promise<LaunchImage[]>;
  /** Ids of the machines behind a firewall; undefined when there is none of this id. */
  attachments(firewall: string, call: Call): Promise<string[] | undefined>;
  /** The account's environment for a region, by the account's options. */
  environment(options: Readonly<Record<string, unknown>>, region: string): string;
  /** The request that makes such a machine, for a reader: where `$HYPERSTACK_API_KEY` or `****` stands, no key is. */
  commands(machine: LaunchedMachine): { command: string; masked: string };
  /** The same of a request that puts a machine behind these firewalls and no others, masked. */
  attach(machine: string, firewalls: readonly string[]): string;
}

export interface LaunchImage {
  id: string;
  name: string;
  region: string;
  /** With its unit: `20GB`. */
  size: string;
  type: string;
}

export interface LaunchedMachine {
  name: string;
  environment: string;
  flavor: string;
  image: string;
  key: string;
}

export type SharedSpec = FirewallSpec | KeySpec | AggregateSpec | AggregateHostSpec | PortSpec | SnapshotSpec;

export interface ResourceName {
  /** Pulumi type token, `linode:index/instance:Instance`. */
  type: string;
  name: string;
  /** Further resources of the same object, declared and targeted together with it. */
  parts?: ResourceName[];
}

export interface Capabilities {
  /** Changes of these fields of a ServerSpec are done in place; the other live fields replace the machine. */
  inPlace: readonly (
    | "size"
    | "resources"
    | "hostname"
    | "labels"
    | "firewalls"
    | "backups"
    | "ipv6"
    | "monitoring"
    | "region"
    | "options"
    | "ports"
  )[];
  /** Fields that apply when a machine is made: edits are no effect until `rebuild`. Neither in place nor a replace. */
  createOnly?: readonly ("ipv6" | "monitoring" | "options")[];
  power: readonly PowerAction[];
  /** `reset` cuts the power, and is not another word for `reboot`. */
  powerCycle?: true;
  firewalls: boolean;
  /**
   * Where rules live. `account` (default): a firewall is an object of the base stack, and servers attach to it. `server`: the cloud has rules at
   * each machine only, so the compiled server carries them (`ServerSpec.rules`) and they are part of its group.
   */
  firewallScope?: "account" | "server";
  /** Firewalls and keys exist per region: the core makes one of each for every region that uses it. Default false. */
  sharedPerRegion?: boolean;
  /**
   * `long`: a new machine takes minutes to hours (bare metal). The engine does not wait for it: `ActualServer.provisioning` tells how far it is,
   * and the core watches. May depend on the server where a cloud has both kinds.
   */
  provisioning?(server: ServerSpec): "short" | "long";
  /** The official plugin waits for a long create inside the engine's run: such a server has a stack of its own, so that nothing waits for it. */
  ownStack?(server: ServerSpec): boolean;
  keys: boolean;
  /** A machine is made with the ids of its keys, so these have to be there first. Default: with their texts. */
  keysById?: boolean;
  /** It has ports of networks that a server is plugged into while it is there. Default false. */
  ports?: boolean;
  /** Snapshots of servers can be taken, and kept without them; `labels` where words can be written on them. Absent where not. */
  snapshots?: { labels: boolean };
  backups: boolean;
  monitoring: boolean;
  ipv6: boolean;
  /** Secrets that the gateway can put into the request that makes a machine. None when absent. */
  secrets?: readonly (keyof ServerSecrets)[];
  /** Whether servers have sizes with prices; false where they have free `resources`. */
  sizes: boolean;
  /** Servers on one page of `list`. */
  pageSize: number;
  /** Where the mark of a server stands. */
  mark: { field: string; maxLength: number; pattern: RegExp };
}

export interface CredentialField {
  required: boolean;
  description: string;
}

/** A sliding allowance: `limit` requests in `windowMs`. */
export interface RateLimit {
  limit: number;
  windowMs: number;
  description: string;
  /** Requests that may go at once after a pause, where that is another number than `limit`. */
  burst?: number;
  /** What the cloud counts by: the credential (default), or the address that requests come from, whatever credential they carry. */
  per?: "credential" | "address";
}

export type PowerAction = "start" | "shutdown" | "stop" | "reboot" | "reset" | "suspend" | "resume";

/** An account with its credentials resolved. Never logged, never stored. */
export interface Account {
  readonly spec: AccountSpec;
  readonly endpoint: string;
  readonly credentials: Readonly<Record<string, string>>;
  readonly budget: Budget;
  /** Told of each request to the cloud that came to an end, also those of plugins: for counting. */
  readonly onCall?: (verdict: "ok" | FleetErrorCode) => void;
  /** How its requests are sent again and who is told of them, where that is not as everywhere. */
  readonly wire?: Wire;
}

/** `signal` aborts at the deadline. Credentials and the account's rate budget come with each call; nothing is kept in a module. */
export interface Call {
  signal: AbortSignal;
  account: Account;
  priority: "person" | "background";
}

/** What the program needs to declare one server. */
export interface ServerContext {
  /** Resource name of the group in the stack; constant over renames. */
  identity: string;
  mark: string;
  /** Raised values only: never lower than recorded, so that lowering a counter does nothing. */
  rebuild: number;
  /** Ids of the server's firewalls by name, literal, from the base stack; those of its region where they exist per region. */
  firewallIds: Readonly<Record<string, string>>;
  /** Ids of the server's keys by name, literal, from the base stack. */
  keyIds: Readonly<Record<string, string>>;
  /** Ids of the server's ports by name, literal, from the base stack. */
  portIds?: Readonly<Record<string, string>>;
  /** The account's own `options`, where a cloud takes from them what a server's file leaves open. */
  accountOptions?: Readonly<Record<string, unknown>>;
  /** Read from the environment or the document when a machine is made. */
  userData?: string;
  opts: pulumi.CustomResourceOptions;
}

/** The Pulumi resources of one cloud. `declareServer` carries the mark in the field that the cloud's table names. */
export interface Declarations {
  declareServer(server: ServerSpec, context: ServerContext): { id: pulumi.Output<string> };
  declareShared(object: SharedSpec, context: SharedContext): void;
}

export interface SharedContext {
  identity: string;
  mark: string;
  /** Of a snapshot: the id of its server, literal; undefined when that has gone, which is no matter once the snapshot is there. */
  serverId?: pulumi.Input<string>;
  /** The account's own `options`. */
  accountOptions?: Readonly<Record<string, unknown>>;
  opts: pulumi.CustomResourceOptions;
}
