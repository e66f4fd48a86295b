/** `options` of an account. */
interface AccountOptions {
  environment?: string;
  environments?: Record<string, string>;
}

/** `provider:` of a server. */
interface ServerOptions {
  environment?: string;
  keyName?: string;
  publicIp?: boolean;
  portRandomization?: boolean;
  bootableVolume?: boolean;
}

export function accountOptions(options: Readonly<Record<string, unknown>>): AccountOptions {
  return options as AccountOptions;
}

export function serverOptions(options: Readonly<Record<string, unknown>>): ServerOptions {
  return options as ServerOptions;
}

const name = { type: "string", minLength: 1, maxLength: 50 };

export const accountSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of a Hyperstack account",
  type: "object",
  additionalProperties: false,
  properties: {
    environment: {
      ...name,
      description:
        "Environment of new machines, keys and firewalls in regions that `environments` does not name. `default-REGION` when absent.",
      examples: ["fleet"],
    },
    environments: {
      type: "object",
      propertyNames: { minLength: 1 },
      additionalProperties: name,
      default: {},
      description: "Environments by region. An environment lies in one region.",
      examples: [{ "CANADA-1": "fleet-canada", "NORWAY-1": "fleet-norway" }],
    },
  },
};

export const serverSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of a Hyperstack server",
  type: "object",
  additionalProperties: false,
  properties: {
    environment: {
      ...name,
      description:
        "Environment, in place of the account's. It needs a `keyName`, and takes no firewalls of the fleet. A change waits for `rebuild`.",
    },
    keyName: {
      ...name,
      description:
        "A key pair that the environment has already, as the machine's own; `keys` come beside it. A change waits for `rebuild`.",
    },
    publicIp: { type: "boolean", default: true, description: "A public IPv4 address." },
    portRandomization: {
      type: "boolean",
      default: false,
      description: "Hyperstack's random ports on the public address. A change waits for `rebuild`.",
    },
    bootableVolume: {
      type: "boolean",
      default: false,
      description: "Makes a volume to boot from instead of the flavor's own disk. A change waits for `rebuild`.",
    },
  },
};
