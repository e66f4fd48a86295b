/** `options` of an account. */
export interface AccountOptions {
  region?: string;
  interface?: "public" | "internal" | "admin";
  projectName?: string;
  projectId?: string;
  projectDomain?: string;
  userDomain?: string;
  allTenants?: boolean;
  networks?: string[];
  currency?: string;
  prices?: Record<string, { hourly?: number; monthly?: number }>;
}

/** `provider:` of a server. */
export interface ServerOptions {
  networks?: string[];
  ports?: string[];
  configDrive?: boolean;
  bootVolumeGiB?: number;
}

export function accountOptions(options: Readonly<Record<string, unknown>>): AccountOptions {
  return options as AccountOptions;
}

export function serverOptions(options: Readonly<Record<string, unknown>>): ServerOptions {
  return options as ServerOptions;
}

const text = { type: "string", minLength: 1 };
const networks = { type: "array", items: text, minItems: 1, uniqueItems: true, examples: [["private"]] };

export const accountSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of an OpenStack account",
  type: "object",
  additionalProperties: false,
  properties: {
    region: {
      ...text,
      description: "Region of the service catalogue. May be left out where the catalogue has one only.",
      examples: ["RegionOne"],
    },
    interface: {
      enum: ["public", "internal", "admin"],
      default: "public",
      description: "Which of the addresses in the service catalogue are used.",
    },
    projectName: { ...text, description: "Project that a password logs in to.", examples: ["fleet"] },
    projectId: { ...text, description: "Project that a password logs in to, by id, in place of `projectName`." },
    projectDomain: { ...text, default: "Default", description: "Domain of the project, by name." },
    userDomain: { ...text, default: "Default", description: "Domain of the user, by name." },
    allTenants: {
      type: "boolean",
      default: false,
      description: "Lists the servers of every project. Needs an administrator.",
    },
    networks: {
      ...networks,
      description: "Networks (name or id) of new servers, when a server does not say. Nova chooses when absent.",
    },
    currency: {
      type: "string",
      pattern: "^[A-Z]{3}$",
      default: "USD",
      description: "Currency of `prices`.",
    },
    prices: {
      type: "object",
      additionalProperties: {
        type: "object",
        additionalProperties: false,
        minProperties: 1,
        properties: {
          hourly: { type: "number", minimum: 0, description: "Price of one hour." },
          monthly: { type: "number", minimum: 0, description: "Price of one month. 730 hours when absent." },
        },
      },
      default: {},
      description: "What flavors cost, by name: OpenStack has no prices of its own.",
      examples: [{ "m1.small": { hourly: 0.03 } }],
    },
  },
};

export const serverSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of an OpenStack server",
  type: "object",
  additionalProperties: false,
  properties: {
    networks: {
      ...networks,
      description: "Networks (name or id), one port on each. The account's when absent. A change waits for `rebuild`.",
    },
    ports: {
      type: "array",
      items: { type: "string", format: "uuid" },
      minItems: 1,
      uniqueItems: true,
      description:
        "Ids of ports that are there already, in place of new ones; they outlive the server. A change waits for `rebuild`.",
    },
    configDrive: {
      type: "boolean",
      description: "Hands user data and keys in by a drive too. A change waits for `rebuild`.",
    },
    bootVolumeGiB: {
      type: "integer",
      minimum: 1,
      description:
        "Boots from a new volume of this size, made from the image and deleted with the server, in place of the flavor's disk. A change waits for `rebuild`.",
    },
  },
};
