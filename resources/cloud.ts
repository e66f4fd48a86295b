import type * as pulumi from "@pulumi/pulumi";
import type { Budget } from "./budget.ts";
import type { CloudTypes } from "./plugin/package.ts";
import type {
  AccountSpec,
  AggregateHostSpec,
  AggregateSpec,
  EndOfLife,
  FirewallRule,
  FirewallSpec,
  FirewallText,
  KeySpec,
  Labels,
  PowerState,
  ServerSpec,
} from "./spec.ts";

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
  /** Firewalls with their rules as the cloud has them now. Present where `capabilities.firewalls`. */
  readonly firewalls?: FirewallReader;
  /** Aggregates of hosts, on clouds whose operators we are. */
  readonly hosts?: HostAggregates;
  /** What `list` and `observe` report when the machine is as desired; only fields this cloud can report. */
  expect(server: ServerSpec, mark: string): ExpectedServer;
  /** Actual tags back to the labels of a fleet file (without the mark); undefined when they cannot be told apart. */
  labelsOf(actual: ActualServer): Labels | undefined;

  /** What this cloud cannot take in the server's file, found without asking the cloud; `path` as in the file, list places as `.0`. Empty when all is well. */
  problems?(server: ServerSpec): { path: string; message: string }[];
  /** What this cloud cannot express of a firewall, by path in the firewall's file: `["rules", 0, "protocol"]`. */
  firewallProblems?(firewall: FirewallText): { path: readonly (string | number)[]; message: string }[];
  /** Fields (paths of the server's file) that make this very change a replace although `capabilities.inPlace` has them. */
  mustReplace?(before: ServerSpec, after: ServerSpec): string[];
  /** The id of `ActualServer` for the id that the first resource of the server's group has in state. The same when absent. */
  idOf?(resourceId: string, server: ServerSpec): string;

  /** The Pulumi side, loaded only where a program runs. */
  declarations(): Promise<Declarations>;
  /** URN types and names of a server's closed group, without the Power; also needed when the program no longer declares it. */
  group(server: ServerSpec, identity: string): ResourceName[];
  /** The URN type and name of an object of the base stack; undefined where the cloud has no such object. */
  shared(object: SharedSpec, identity: string): ResourceName | undefined;
  /** Present where an official plugin is sent through the loopback gateway. */
  readonly gateway?: GatewayProfile;
  /** Resource types of our own package that this cloud has besides the Power; loaded only where the package is served. */
  types?(): Promise<CloudTypes>;
}

/** What servers of an account share, and so lives in its base stack. */
export type SharedSpec = FirewallSpec | KeySpec | AggregateSpec | AggregateHostSpec;

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
}

export interface HostAggregates {
  list(call: Call): Promise<ActualAggregate[]>;
  /** Instances of every tenant on this host. */
  instances(host: string, call: Call): Promise<HostInstance[]>;
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

export interface Catalog {
  sizes: CatalogSize[];
  regions: CatalogRegion[];
  images: CatalogImage[];
  /** ISO instant of the reading. */
  readAt: string;
}

export interface CatalogRegion {
  /** What a server's `region` is. */
  name: string;
  title: string;
  /** Takes new servers now. */
  available: boolean;
  /** ISO 3166 country code, lower case, where the cloud tells. */
  country?: string;
  ended?: EndOfLife;
}

export interface CatalogImage {
  /** What a server's `image` is. */
  name: string;
  title: string;
  minDiskGiB?: number;
  /** `private` is the account's own: snapshots and uploads. Default `public`. */
  visibility?: "public" | "private";
  /** Regions that have it; absent means all. */
  regions?: string[];
}

export interface MarketplaceItem {
  /** What the cloud calls it when a machine is made from it. */
  name: string;
  title: string;
  kind: "application" | "script";
  description?: string;
  minDiskGiB?: number;
}

export interface Price {
  /** Whole micro-units of the size's currency. */
  perHourMicro: number;
  perMonthMicro: number;
}

export interface CatalogSize {
  name: string;
  title: string;
  kind: "shared" | "dedicated" | "gpu" | "metal";
  vcpus: number;
  memoryMiB: number;
  diskGiB: number;
  transferGiB?: number;
  gpus?: number;
  /** As the cloud writes it: "H100", "RTX6000". */
  gpuType?: string;
  /** Whole micro-units of `currency`; absent where the cloud tells no price. */
  pricePerHourMicro?: number;
  pricePerMonthMicro?: number;
  currency: string;
  /** Regions where it costs something else. */
  regionPrices?: Readonly<Record<string, Price>>;
  /** Regions that sell it now: one that has run out is not among them. Absent means all; empty means sold out everywhere. */
  regions?: string[];
  ended?: EndOfLife;
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
  /** The account's own `options`. */
  accountOptions?: Readonly<Record<string, unknown>>;
  opts: pulumi.CustomResourceOptions;
}

/** How the loopback gateway stands between an official plugin and its cloud. */
export interface GatewayProfile {
  /**
   * Host of the API where the plugin's address is fixed (`api.vultr.com`): the gateway then answers as that host, over TLS with a certificate that
   * only this run trusts, and the core puts what that takes into the environment (`HTTPS_PROXY`, `SSL_CERT_FILE`).
   */
  readonly host?: string;
  /** The environment that sends the plugin through the gateway. `token` is the run's own, worthless elsewhere. */
  environment(gatewayUrl: string, token: string, account: Account): Record<string, string>;
  /** The run's token in a request of the plugin, as `environment` handed it out; undefined when it has none. */
  tokenOf(headers: Readonly<Record<string, string | undefined>>): string | undefined;
  /** Headers that authenticate a forwarded request with the account's real credentials; they take the place of the plugin's. */
  authorize(account: Account, request: GatewayRequest): Record<string, string>;
  /** Where a request goes instead of the account's endpoint, without a path; undefined for the endpoint. */
  upstream?(account: Account, request: GatewayRequest): string | undefined;
  /** The scopes of `limits` that a request counts towards. */
  scopes(method: string, path: string, request: GatewayRequest): string[];
  /**
   * Recognizes a creating request by method, path (with version, without query) and body: parsed JSON, or the fields of a form; undefined for
   * any other.
   */
  creation(method: string, path: string, body: unknown, request: GatewayRequest): Creation | undefined;
  /**
   * Reads whose failure would make the plugin forget a machine: the gateway repeats them on 429, 5xx and cut connections, and looks again,
   * apart in time, before it passes on that something is gone.
   */
  steady?(method: string, path: string): boolean;
  /**
   * The body that goes to the cloud in place of the plugin's, where the plugin cannot say what was declared, or says more; undefined when it is
   * right. `body` as for `creation`, which sees it after this.
   */
  amend?(method: string, path: string, body: unknown): object | undefined;
  /** The cloud's own word in a failed answer (5xx) that a create has made nothing: none left, too many requests. Then there is nothing to look for. */
  madeNothing?(status: number, body: string): boolean;
  /** An error of the gateway's own as this cloud's API would answer it. Default: JSON that the plugins of most clouds can read. */
  problem?(status: number, code: string, message: string): { contentType: string; body: string };
}

export interface GatewayRequest {
  method: string;
  /** Path with query. */
  target: string;
  headers: Readonly<Record<string, string | string[]>>;
  body: Buffer;
}

/** A request that makes something. `key` tells it from all others: the owner mark, or a natural key where a thing has none. */
export interface Creation {
  kind: "Server" | "Firewall" | "SshKey" | "Attachment";
  key: string;
  /** Looks on the cloud for what an earlier, unanswered request has made, and returns it as the answer of that request; `body` is JSON, or a text of `contentType`. */
  find(call: Call): Promise<{ status: number; body: unknown; id: string; contentType?: string } | undefined>;
  /** The id in a successful answer, as `ActualServer` has it: of the parsed JSON, or of the text where it is none. */
  idOf(answer: unknown): string;
}
