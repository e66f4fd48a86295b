export const accountSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of a DigitalOcean account",
  type: "object",
  additionalProperties: false,
  properties: {},
};

/** `provider:` of a server. */
export interface DigitalOceanOptions {
  vpcUuid?: string;
  agent?: boolean;
  resizeDisk?: boolean;
  gracefulShutdown?: boolean;
  sshKeys?: string[];
}

export const serverSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of a DigitalOcean server",
  type: "object",
  additionalProperties: false,
  properties: {
    vpcUuid: {
      type: "string",
      minLength: 1,
      description: "VPC of a new droplet, the region's default when absent. A change waits for `rebuild`.",
    },
    agent: { type: "boolean", description: "The droplet agent for the web console. A change waits for `rebuild`." },
    sshKeys: {
      type: "array",
      items: { type: "string", pattern: "^([0-9]{1,15}|[0-9a-f]{2}(:[0-9a-f]{2}){15})$" },
      uniqueItems: true,
      description:
        "Ids or fingerprints of keys that the account has already, besides those of `keys`, let in on a new droplet. A change waits for `rebuild`.",
    },
    resizeDisk: {
      type: "boolean",
      default: true,
      description: "Whether the disk grows with the size. A disk that grew cannot shrink again.",
    },
    gracefulShutdown: {
      type: "boolean",
      default: false,
      description: "Lets the guest shut down before the droplet is deleted.",
    },
  },
};
