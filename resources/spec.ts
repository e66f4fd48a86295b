/**
 * Compiled documents: what a fleet file becomes once defaults, plans and references are resolved. They are plain JSON, so they can be
 * hashed, stored and handed to another process. No document ever holds a credential; user data may be confidential and is treated so.
 */

/**
 * A secret by reference; `env` names a variable of the controller's environment, and must carry the allowed prefix; `sealed` is what an operator has
 * sealed for the account and the field that have it; `file` is an absolute path on the controller's machine.
 */
export type CredentialRef =
  | { env: string; sealed?: never; file?: never }
  | { sealed: true; env?: never; file?: never }
  | { file: string; env?: never; sealed?: never };

/** Something that is closed, or will be. */
export interface EndOfLife {
  /** ISO date: from that day on nothing new is made there. */
  on: string;
  /** What to tell whoever asks for something new there. */
  note: string;
}

/** Holds changes of an object until it is taken out of its file. */
export interface Suspension {
  reason: string;
}

export type Weekday = "mon" | "tue" | "wed" | "thu" | "fri" | "sat" | "sun";

/** A stretch of time on certain days, by the clock of a place. */
export interface MaintenanceWindow {
  /** Days on which it opens. */
  days: Weekday[];
  /** `HH:MM`. */
  from: string;
  /** `HH:MM` or `24:00`; on the next day where it is not later than `from`. */
  to: string;
  /** IANA name. */
  timezone: string;
}

/** How a change of several servers is executed in waves. */
export interface Rollout {
  /** Servers in the first wave. */
  canary: number;
  /** Servers in each later wave, or a share of all that are touched: `10%`. */
  step: number | string;
  /** A failure leaves the waves behind it for the next execution. */
  pauseOnFailure: boolean;
}

/** What becomes of drift: it is told, brought back where that changes a machine in place, or only in fields that touch no running machine. */
export type DriftPolicy = "report" | "revert" | "revert-safe";

/** When drift is looked for, and what becomes of it; what is absent, the next wider settings say. */
export interface DriftSettings {
  /** `10m`; excludes `cron`. */
  every?: string;
  cron?: string;
  /** IANA name, of `cron`. */
  timezone?: string;
  /** `1m`: looks come so much earlier or later, by chance. */
  jitter?: string;
  policy?: DriftPolicy;
}

/** A secret of the controller's own: a variable of its environment, or a file in the folder that an operator names. */
export type SecretRef = { env: string; file?: never } | { file: string; env?: never };

export type NotificationTopic = "change" | "drift" | "expiry" | "failure" | "inventory" | "run" | "server" | "spending";

/** Somebody who is told of what has happened. */
export interface NotificationTarget {
  name: string;
  on: NotificationTopic[];
  by: WebhookTarget | MailTarget;
}

export interface WebhookTarget {
  kind: "webhook";
  url: string;
  secret: SecretRef;
}

export interface MailTarget {
  kind: "mail";
  to: string[];
  from: string;
  smtp: { host: string; port: number; login?: { user: string; password: SecretRef } };
}

export type PowerState = "running" | "stopped" | "suspended";

/** What an account may cost in a month, as its provider asks. */
export interface SpendingLimit {
  /** In the currency's unit. */
  monthly: { amount: number; currency: string };
  /** Shares of it that are told of. */
  alertAt: number[];
  /** What would bring it above is refused. */
  cap: boolean;
}

export interface AccountSpec {
  kind: "Account";
  name: string;
  formerly: string[];
  /** A name for people. */
  title?: string;
  /** Its id at the multi-cloud VPS API, where that was decided elsewhere. */
  uuid?: string;
  /** The cloud's name in the registry. */
  provider: string;
  /** Base address of the API without a version path; the cloud's public address when absent. */
  endpoint?: string;
  credentials: Record<string, CredentialRef>;
  /** Server stacks of this account as the file asks for; the recorded count rules. */
  cells: number;
  /** Requests per second by scope of the cloud, where an operator wants other limits than the cloud's. */
  budgets: Record<string, { perSecond: number; burst: number }>;
  /** What it may cost in a month; in place of the fleet's. */
  spending?: SpendingLimit;
  /** Regions servers may use; empty means all. */
  regions: string[];
  /** Where a server is made whose request names no region. */
  defaultRegion?: string;
  /** Takes no new servers. Absent where it does. */
  active?: false;
  /** Used no more: no run, no list, no call. Absent where it is used. */
  retired?: true;
  /** What a dialect's admins keep with it; nothing reads it. */
  settings?: Record<string, unknown>;
  /** No new servers from a day on; those that are there go on. */
  ended?: EndOfLife;
  /** The same for single regions. */
  endedRegions?: Record<string, EndOfLife>;
  suspend?: Suspension;
  /** By what stands behind the account in a stack's name: `base`, or the number of a cell. */
  suspendStacks?: Record<string, Suspension>;
  /** When changes may be executed; always when absent. */
  windows?: MaintenanceWindow[];
  /** `until`: ISO instant, or the day as whose beginning in UTC it ends. */
  freeze?: { until: string; reason: string };
  /** In place of the fleet's. */
  rollout?: Rollout;
  deadlines: {
    /** A create may take this long. */
    createSeconds: number;
    /** A machine that was asked for is on the cloud's lists after this long, at the latest. */
    settleSeconds: number;
  };
  drift?: DriftSettings;
  /** What only this cloud has, checked against the cloud's own schema. */
  options: Record<string, unknown>;
}

/** User data is given in the file, by a file of the fleet repository (already read: `text`), or by the environment. */
export type UserData = { text: string } | { env: string };

/** What goes into the request that makes a machine and is kept nowhere: references in documents, values on their way. */
export interface ServerSecrets {
  rootPassword?: string;
  /** Answers to a start script's questions, by their names. */
  stackscriptData?: Record<string, string>;
}

/** Words on a machine by name. One without a value (`null`) is a plain tag, where the cloud has tags; an empty value elsewhere. */
export type Labels = Record<string, string | null>;

export interface ServerSpec {
  kind: "Server";
  name: string;
  /** A name for people. */
  title?: string;
  /** Its id at the multi-cloud VPS API, where that is no other's word for it. */
  uuid?: string;
  formerly: string[];
  account: string;
  /** The account's cloud. */
  provider: string;
  hostname: string;
  /** The plan's name when the server was ordered by plan. */
  plan?: string;
  /** The cloud's own size, from the plan or from the file. Clouds without sizes (Proxmox) have "" and use `resources`. */
  size: string;
  resources: { vcpus?: number; memoryMiB?: number; diskGiB?: number };
  region: string;
  owner?: string;
  labels: Labels;
  firewalls: string[];
  /** The rules of `firewalls`, in their order, where the cloud has rules at each machine only. */
  rules?: FirewallText[];
  /** Ports that it is plugged into once it is there; absent when there are none. */
  ports?: string[];
  power: PowerState;
  /** Only of one that is to be stopped. */
  stop?: "forced";
  restarts: { reboot: number; reset: number };
  /** Raising it deletes the machine and makes a new one from `createOnly`. */
  rebuild: number;
  ipv6: boolean;
  monitoring: boolean;
  backups: boolean;
  protect: boolean;
  deletionPolicy: "delete" | "orphan";
  /** ISO date or date-time. */
  expires?: string;
  /** The `expires` for which it has been stopped already. */
  expired?: string;
  suspend?: Suspension;
  drift?: Pick<DriftSettings, "policy">;
  /** A cloud's id of a running machine that this file takes over. */
  adopt?: string;
  /** What applies when a machine is made, and never changes one: edits wait for `rebuild`. */
  createOnly: {
    image: string;
    keys: { name: string; publicKey: string }[];
    userData?: UserData;
    /** References: a fingerprint by the fleet's key each. */
    secrets?: ServerSecrets;
  };
  /** The `provider:` block, checked against the cloud's own schema. */
  options: Record<string, unknown>;
}

export interface FirewallRule {
  direction: "inbound" | "outbound";
  action: "accept" | "drop";
  protocol: "tcp" | "udp" | "icmp" | "any" | "esp" | "gre" | "ah";
  /** "22", "8000-8080", "22,80"; absent means all. */
  ports?: string;
  /** CIDR blocks of the other side: sources of an inbound rule, destinations of an outbound one. */
  addresses: string[];
  /** CIDR blocks of the machine's own side: destinations of an inbound rule, sources of an outbound one. Any when absent. */
  ownAddresses?: string[];
  description?: string;
}

/** A firewall as the fleet has it, on whichever account it will be. */
export interface FirewallText {
  kind: "Firewall";
  name: string;
  rules: FirewallRule[];
  inboundPolicy: "accept" | "drop";
  outboundPolicy: "accept" | "drop";
}

/**
 * One firewall on one account: a fleet's Firewall becomes one of these for each account whose servers use it, and where the cloud has firewalls
 * per region one for each of those, with the name `NAME@REGION`.
 */
export interface FirewallSpec extends FirewallText {
  account: string;
  provider: string;
  /** Where the cloud has firewalls per region. */
  region?: string;
  protect: boolean;
}

/** One public key on one account. */
export interface KeySpec {
  kind: "SshKey";
  name: string;
  account: string;
  provider: string;
  /** Where the cloud has keys per region. */
  region?: string;
  publicKey: string;
}

/** The name in the fleet's files: what exists per region is called `NAME@REGION` once compiled. */
export const plainName = (name: string): string => name.split("@", 1)[0]!;

/** An aggregate of hosts, without them: each host is an object of its own, so that a move changes one. */
export interface AggregateSpec {
  kind: "Aggregate";
  /** The aggregate's name at the cloud. */
  name: string;
  account: string;
  provider: string;
  gpuType?: string;
  class: AggregateClass;
  tenant?: string;
  availabilityZone?: string;
  /** Besides the mark, the class and so on. */
  metadata: Record<string, string>;
  /** The cloud's id of one that is there already and is taken over. */
  adopt?: string;
  /** Only of class `runpod`: how machines are launched on its hosts. */
  runpod?: RunPodSettings;
}

export interface RunPodSettings {
  /** The account that machines are launched on. */
  account: string;
  region: string;
  environment?: string;
  key: string;
  flavor: string;
  /** Of the hosts' own account, by name or id. */
  network: string;
  firewall: string;
}

export type AggregateClass = "ondemand" | "spot" | "runpod" | "contract";

/** One host in one aggregate. A move changes `aggregate`, and nothing else of it. */
export interface AggregateHostSpec {
  kind: "AggregateHost";
  /** The host's name as the cloud has it. */
  name: string;
  account: string;
  provider: string;
  /** The aggregate's name at the cloud. */
  aggregate: string;
  class: AggregateClass;
  gpuType?: string;
  /** Aggregate that a host which the fleet has nowhere yet is taken out of. */
  takenFrom?: string;
}

/** A port of a network. Servers are plugged into it within their own groups. */
export interface PortSpec {
  kind: "Port";
  /** The port's name at the cloud. */
  name: string;
  account: string;
  provider: string;
  /** Name or id. */
  network: string;
  description?: string;
  /** Name of a machine of anybody's at this cloud: while one runs, the port is plugged into it. */
  machine?: string;
  /** The cloud's id of one that is there already and is taken over. */
  adopt?: string;
}

/** An image of a server's disk at one moment. It stays when its server goes. */
export interface SnapshotSpec {
  kind: "Snapshot";
  name: string;
  account: string;
  provider: string;
  /** Name of the server that it is taken of; that may have gone since. */
  server: string;
  /** For readers of the file. */
  description?: string;
  labels: Record<string, string>;
  protect: boolean;
}

export interface PlanSpec {
  kind: "Plan";
  name: string;
  /** The id of its row in the tables of the multi-cloud VPS API, where that was decided elsewhere. */
  uuid?: string;
  vcpus: number;
  memoryMiB: number;
  diskGiB: number;
  transferGiB?: number;
  /** The cloud's size by cloud name. */
  sizes: Record<string, string>;
  /** Price a month to the customer in micro-units of `currency`, without and with markup. */
  basePriceMicro: number;
  markupMicro: number;
  currency: string;
  defaultExpireDays?: number;
  /** Not sold any more from a day on; servers that have it keep it. */
  ended?: EndOfLife;
}

/** What lives in a stack: servers in ACCOUNT.n, the others in ACCOUNT.base. */
export type StackObject =
  | ServerSpec
  | FirewallSpec
  | KeySpec
  | AggregateSpec
  | AggregateHostSpec
  | PortSpec
  | SnapshotSpec;

/** Changes that are approved by themselves. */
export interface ChangePolicy {
  roles: ("viewer" | "requester" | "approver" | "operator" | "admin")[];
  /** Anywhere when absent. */
  surfaces?: string[];
  operations: ("create" | "update" | "delete")[];
  /** At most so many in one change. */
  effects?: number;
  /** Makes the fleet dearer by at most so much a month; in the currency's unit. */
  monthly?: { amount: number; currency: string };
}

/** What the callers of documented services may do without anybody else's approval; a service without a policy is not there. */
export interface DialectPolicies {
  vps?: ServersPolicy;
  capsule?: ServersPolicy;
  spot?: SpotPolicy;
}

/** For each owner. */
export interface ServersPolicy {
  /** All but `snapshot` when absent. */
  operations?: ("create" | "power" | "restart" | "delete" | "snapshot")[];
  servers?: number;
  /** In the currency's unit. */
  monthly?: { amount: number; currency: string };
  deletionsPerHour: { minimum: number; share: number };
}

export interface SpotPolicy {
  moves: boolean;
  /** Servers that it has launched, all together. */
  launches: number;
  /** Ports, and servers behind firewalls. */
  network: boolean;
  /** An admin's token is needed also from this machine. */
  gate?: "admin";
}

/** Where pull requests of the fleet repository are. */
export interface ForgeSpec {
  kind: "github" | "gitlab" | "gitea";
  /** As people open it; the kind's public address when absent. */
  url?: string;
  /** `OWNER/NAME`; groups of GitLab have more steps. */
  repository: string;
  token: CredentialRef;
  /** `60s` */
  poll: string;
  commands: boolean;
  /** When what was approved of one is executed. */
  execute: "after-merge" | "before-merge";
  /** Address of the controller's page. */
  page?: string;
}

/** Where hosts are documented. */
export interface NetboxSpec {
  /** Without `/api`. */
  url: string;
  token: CredentialRef;
}

export interface FleetSpec {
  id: string;
  approval: "required" | "auto";
  /** Environment variables that credentials and user data may name must begin with one of these. */
  envPrefixes: string[];
  guards: {
    /** Removals above max(minimum, share of the account's or owner's servers) are refused without an override. */
    maxRemovals: { minimum: number; share: number };
  };
  /** All at once when absent. */
  rollout?: Rollout;
  expiry: {
    /** So many days before `expires` a warning is due. */
    warnDays: number[];
  };
  policies: {
    changes?: ChangePolicy[];
    drift?: DriftSettings;
    dialects?: DialectPolicies;
    spending?: SpendingLimit;
    [name: string]: unknown;
  };
  notifications?: NotificationTarget[];
  forge?: ForgeSpec;
  netbox?: NetboxSpec;
}
