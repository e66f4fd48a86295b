const REGION = { type: "string", pattern: "^[a-z]{2}(-[a-z]+)+-\\d$" };

/** `options:` of an account. */
export interface AwsAccountOptions {
  regions?: string[];
  homeRegion?: string;
  subnets?: Record<string, string>;
  vpcs?: Record<string, string>;
  imageOwners?: string[];
  prices?: boolean;
  priceRegions?: string[];
}

export const accountSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of an AWS account",
  type: "object",
  additionalProperties: false,
  properties: {
    regions: {
      type: "array",
      items: REGION,
      uniqueItems: true,
      minItems: 1,
      description:
        "Regions whose machines are listed. Default: `regions` of the account, and where that is empty every region that is enabled for it.",
    },
    homeRegion: {
      ...REGION,
      default: "us-east-1",
      description: "Region that is asked for what concerns no region, such as which regions there are.",
    },
    subnets: {
      type: "object",
      propertyNames: REGION,
      additionalProperties: { type: "string", pattern: "^subnet-[0-9a-f]+$" },
      description: "Subnet of new machines by region. Default: the region's default VPC.",
    },
    vpcs: {
      type: "object",
      propertyNames: REGION,
      additionalProperties: { type: "string", pattern: "^vpc-[0-9a-f]+$" },
      description:
        "VPC of firewalls by region, which has to be that of the subnets. Default: the region's default VPC.",
    },
    imageOwners: {
      type: "array",
      items: { type: "string", pattern: "^(\\d{12}|self)$" },
      uniqueItems: true,
      description:
        "Owners all of whose images are in the catalogue, beside the newest Amazon Linux, Debian and Ubuntu. Default: the account itself.",
    },
    prices: {
      type: "boolean",
      default: false,
      description:
        "Reads prices from the AWS Price List, which takes the permission `pricing:GetProducts` and some minutes.",
    },
    priceRegions: {
      type: "array",
      items: REGION,
      uniqueItems: true,
      minItems: 1,
      description: "With `prices`, the regions whose prices are read. Default: all that are listed.",
    },
  },
};

/** `provider:` of a server. */
export interface AwsOptions {
  subnet?: string;
  securityGroups?: string[];
  rootDiskGiB?: number;
  publicIp?: boolean;
  sshKeys?: string[];
}

export const serverSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of an AWS server",
  type: "object",
  additionalProperties: false,
  properties: {
    subnet: {
      type: "string",
      pattern: "^subnet-[0-9a-f]+$",
      description:
        "Subnet of a new machine. Default: `subnets` of the account, else the default VPC. A change waits for `rebuild`.",
    },
    securityGroups: {
      type: "array",
      items: { type: "string", pattern: "^sg-[0-9a-f]+$" },
      uniqueItems: true,
      maxItems: 5,
      description: "Groups that exist already, beside those of `firewalls`.",
    },
    rootDiskGiB: {
      type: "integer",
      minimum: 1,
      maximum: 65536,
      description: "Size of a new machine's root volume; the image's own when absent. A change waits for `rebuild`.",
    },
    sshKeys: {
      type: "array",
      items: { type: "string", minLength: 1, maxLength: 255 },
      maxItems: 1,
      description:
        "Name of the key pair that the region has already, in place of `keys`. A change waits for `rebuild`.",
    },
    publicIp: {
      type: "boolean",
      description:
        "Whether a new machine gets a public IPv4 address; as the subnet says when absent. A change waits for `rebuild`.",
    },
  },
};
