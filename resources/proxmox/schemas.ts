/** `options` of an account. */
interface AccountOptions {
  insecureTls?: boolean;
  storage?: string;
  bridge?: string;
  pool?: string;
  templates?: Record<string, string | number>;
}

/** `provider:` of a server. */
interface ServerOptions {
  node?: string;
  storage?: string;
  bridge?: string;
  linkedClone?: boolean;
  template?: string | number;
  pool?: string;
  cores?: number;
  balloonMiB?: number;
  cpuType?: string;
  vlan?: number;
  ipconfig0?: string;
  user?: string;
  waitForAgent?: boolean;
}

export function accountOptions(options: Readonly<Record<string, unknown>>): AccountOptions {
  return options as AccountOptions;
}

export function serverOptions(options: Readonly<Record<string, unknown>>): ServerOptions {
  return options as ServerOptions;
}

const storage = {
  type: "string",
  pattern: "^[A-Za-z][A-Za-z0-9._-]*[A-Za-z0-9]$",
  examples: ["local-lvm"],
};
const bridge = { type: "string", pattern: "^[a-zA-Z][a-zA-Z0-9_.-]{0,14}$", examples: ["vmbr0"] };
const pool = { type: "string", pattern: "^[A-Za-z0-9._/-]+$", examples: ["fleet"] };
const template = {
  oneOf: [
    { type: "integer", minimum: 100, maximum: 999_999_999 },
    { type: "string", minLength: 1 },
  ],
  examples: ["debian-12", 9000],
};

export const accountSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of a Proxmox VE account",
  type: "object",
  additionalProperties: false,
  properties: {
    insecureTls: {
      type: "boolean",
      default: false,
      description: "Accepts any certificate of this cluster's, such as the self-signed one it is installed with.",
    },
    storage: {
      ...storage,
      description:
        "Where full clones and new disks go, when a server does not say. The template's own storage when absent.",
    },
    bridge: { ...bridge, default: "vmbr0", description: "Network bridge, when a server does not say." },
    pool: { ...pool, description: "Resource pool of new machines, when a server does not say." },
    templates: {
      type: "object",
      propertyNames: { minLength: 1 },
      additionalProperties: template,
      default: {},
      description:
        "Templates (name or VM id) by the image names that servers use. Other image names are names or ids of templates.",
      examples: [{ "debian/12": "debian-12" }],
    },
  },
};

export const serverSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of a Proxmox VE server",
  description:
    "A server's own `userData` is not to be had here: the API takes user data only as a snippet that lies on a storage, and cannot put it there. Prepare the template instead.",
  type: "object",
  additionalProperties: false,
  properties: {
    node: {
      type: "string",
      pattern: "^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?$",
      description: "Node, in place of `region`. Another one later means a new machine.",
      examples: ["pve1"],
    },
    storage: {
      ...storage,
      description: "Where a full clone's or a new machine's disks go. A change waits for `rebuild`.",
    },
    bridge: { ...bridge, description: "Network bridge of the first card." },
    linkedClone: {
      type: "boolean",
      default: false,
      description:
        "Shares the template's disk instead of copying it: quick, but the template must stay. A change waits for `rebuild`.",
    },
    template: {
      ...template,
      description: "Template (name or VM id), in place of `image`. A change waits for `rebuild`.",
    },
    pool: { ...pool, description: "Resource pool. A change waits for `rebuild`." },
    cores: {
      type: "integer",
      minimum: 1,
      maximum: 512,
      description: "Processors, in place of the plan's or `resources.vcpus`.",
    },
    balloonMiB: {
      type: "integer",
      minimum: 0,
      description: "Least memory that ballooning leaves to the machine, in MiB; 0 switches it off.",
      examples: [1024],
    },
    cpuType: { type: "string", minLength: 1, description: "Emulated processor.", examples: ["host", "x86-64-v2-AES"] },
    vlan: { type: "integer", minimum: 1, maximum: 4094, description: "VLAN of the first card." },
    ipconfig0: {
      type: "string",
      pattern: "^(ip|gw|ip6|gw6)=[^,]+(,(ip|gw|ip6|gw6)=[^,]+)*$",
      default: "ip=dhcp",
      description: "Addresses of the first card, for cloud-init. A change waits for `rebuild`.",
      examples: ["ip=192.0.2.20/24,gw=192.0.2.1"],
    },
    user: {
      type: "string",
      minLength: 1,
      description: "Account that cloud-init makes, with the server's keys. A change waits for `rebuild`.",
    },
    waitForAgent: {
      type: "boolean",
      default: false,
      description: "A create is done only when the guest agent has told an address.",
    },
  },
};
