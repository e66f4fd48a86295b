import type * as pulumi from "@pulumi/pulumi";
import type { Budget } from "./budget.ts";
import type { CloudTypes } from "./plugin/package.ts";
import type { AccountSpec, FirewallSpec, KeySpec, PowerState, ServerSpec } from "./spec.ts";

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
  /** Rate limits by scope, as the cloud counts them. */
  readonly limits: Readonly<Record<string, RateLimit>>;

  /** Every server of the account, all pages, ours or not: this is how drift, orphans and lost creates are found. */
  list(call: Call): AsyncIterable<ActualServer>;
  /** The actual server, or `undefined` when the cloud itself says that it is gone. Changes nothing. */
  observe(id: string, call: Call): Promise<ActualServer | undefined>;
  /** Servers that carry this mark, by the cloud's strongest look-up; also ones still being made. */
  findByMark(mark: string, server: ServerSpec, call: Call): Promise<ActualServer[]>;
  /** Returns when the cloud has accepted the action and the machine has reached the state; throws DEADLINE at `signal`. */
  power(id: string, action: PowerAction, call: Call): Promise<void>;
  /** Writes our owner mark on a running machine that a commit adopts by id. */
  claim(id: string, mark: string, call: Call): Promise<void>;
  /** Plans, images and regions on sale now, with prices. */
  catalog(call: Call): Promise<Catalog>;
  /** What `list` and `observe` report when the machine is as desired; only fields this cloud can report. */
  expect(server: ServerSpec, mark: string): ExpectedServer;
  /** Actual tags back to the labels of a fleet file (without the mark); undefined when they cannot be told apart. */
  labelsOf(actual: ActualServer): Record<string, string> | undefined;

  /** What this cloud cannot take in the server's file, found without asking the cloud; `path` as in the file. Empty when all is well. */
  problems?(server: ServerSpec): { path: string; message: string }[];

  /** The Pulumi side, loaded only where a program runs. */
  declarations(): Promise<Declarations>;
  /** URN types and names of a server's closed group, without the Power; also needed when the program no longer declares it. */
  group(server: ServerSpec, identity: string): ResourceName[];
  /** The URN type and name of an object of the base stack; undefined where the cloud has no such object. */
  shared(object: FirewallSpec | KeySpec, identity: string): ResourceName | undefined;
  /** Present where an official plugin is sent through the loopback gateway. */
  readonly gateway?: GatewayProfile;
  /** Types of our own package for a cloud that is not one of the package's. */
  readonly types?: CloudTypes;
}

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
  )[];
  /** Fields that apply when a machine is made: edits are no effect until `rebuild`. Neither in place nor a replace. */
  createOnly?: readonly ("ipv6" | "monitoring" | "options")[];
  power: readonly PowerAction[];
  firewalls: boolean;
  keys: boolean;
  backups: boolean;
  monitoring: boolean;
  ipv6: boolean;
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
}

export type PowerAction = "start" | "shutdown" | "stop" | "reboot" | "reset" | "suspend" | "resume";

/** An account with its credentials resolved. Never logged, never stored. */
export interface Account {
  readonly spec: AccountSpec;
  readonly endpoint: string;
  readonly credentials: Readonly<Record<string, string>>;
  readonly budget: Budget;
}

/** `signal` aborts at the deadline. Credentials and the account's rate budget come with each call; nothing is kept in a module. */
export interface Call {
  signal: AbortSignal;
  account: Account;
  priority: "person" | "background";
}

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
}

/** The comparable part of a desired server in the words of `ActualServer`. Absent fields are not compared. */
export type ExpectedServer = Partial<
  Pick<
    ActualServer,
    "name" | "size" | "region" | "vcpus" | "memoryMiB" | "diskGiB" | "tags" | "backups" | "monitoring" | "ipv6Enabled"
  >
> & { power: PowerState };

export interface Catalog {
  sizes: CatalogSize[];
  regions: { name: string; title: string; available: boolean }[];
  images: { name: string; title: string; minDiskGiB?: number }[];
  /** ISO instant of the reading. */
  readAt: string;
}

export interface CatalogSize {
  name: string;
  title: string;
  vcpus: number;
  memoryMiB: number;
  diskGiB: number;
  transferGiB?: number;
  gpus?: number;
  /** Whole micro-units of `currency`. */
  pricePerHourMicro: number;
  pricePerMonthMicro: number;
  currency: string;
  /** Regions that sell it; absent means all. */
  regions?: string[];
}

/** What the program needs to declare one server. */
export interface ServerContext {
  /** Resource name of the group in the stack; constant over renames. */
  identity: string;
  mark: string;
  /** Raised values only: never lower than recorded, so that lowering a counter does nothing. */
  rebuild: number;
  /** Ids of the account's firewalls by name, literal, from the base stack. */
  firewallIds: Readonly<Record<string, string>>;
  /** The account's own `options`, where a cloud takes from them what a server's file leaves open. */
  accountOptions?: Readonly<Record<string, unknown>>;
  /** Read from the environment or the document when a machine is made. */
  userData?: string;
  opts: pulumi.CustomResourceOptions;
}

/** The Pulumi resources of one cloud. `declareServer` carries the mark in the field that the cloud's table names. */
export interface Declarations {
  declareServer(server: ServerSpec, context: ServerContext): { id: pulumi.Output<string> };
  declareShared(
    object: FirewallSpec | KeySpec,
    context: { identity: string; mark: string; opts: pulumi.CustomResourceOptions },
  ): void;
}

/** How the loopback gateway stands between an official plugin and its cloud. */
export interface GatewayProfile {
  /** The environment that sends the plugin through the gateway. `token` is the run's own, worthless elsewhere. */
  environment(gatewayUrl: string, token: string): Record<string, string>;
  /** The run's token in a request of the plugin, as `environment` handed it out; undefined when it has none. */
  tokenOf(headers: Readonly<Record<string, string | undefined>>): string | undefined;
  /** Headers that authenticate a forwarded request with the account's real credentials. */
  authorize(account: Account): Record<string, string>;
  /** The scopes of `limits` that a request counts towards. */
  scopes(method: string, path: string): string[];
  /** Recognizes a creating request by method, path (with version, without query) and parsed JSON body; undefined for any other. */
  creation(method: string, path: string, body: unknown): Creation | undefined;
}

/** A request that makes something. `key` tells it from all others: the owner mark, or a natural key where a thing has none. */
export interface Creation {
  kind: "Server" | "Firewall" | "SshKey" | "Attachment";
  key: string;
  /** Looks on the cloud for what an earlier, unanswered request has made, and returns it as the answer of that request. */
  find(call: Call): Promise<{ status: number; body: unknown; id: string } | undefined>;
  /** The id in a successful answer. */
  idOf(answer: unknown): string;
}
