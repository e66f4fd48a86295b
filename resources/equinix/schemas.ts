const UUID = "^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$";

/** `options` of an account. */
export interface EquinixAccountOptions {
  project?: string;
}

export const accountSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of an Equinix Metal account",
  type: "object",
  additionalProperties: false,
  required: ["project"],
  properties: {
    project: {
      type: "string",
      pattern: UUID,
      description: "The project that machines and keys are in: its UUID.",
      examples: ["52123fb2-ee46-4673-93a8-de2c2bdba33b"],
    },
  },
};

/** `provider:` of a server. */
export interface EquinixOptions {
  description?: string;
  billingCycle?: "hourly" | "daily" | "monthly" | "yearly";
  hardwareReservation?: string;
  waitForReservation?: boolean;
  addresses?: ("public_ipv4" | "private_ipv4" | "public_ipv6")[];
  alwaysPxe?: boolean;
  ipxeScriptUrl?: string;
  sshKeys?: string[];
}

export const serverSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of an Equinix Metal server",
  type: "object",
  additionalProperties: false,
  properties: {
    description: { type: "string", minLength: 1, description: "A text about the device." },
    billingCycle: {
      enum: ["hourly", "daily", "monthly", "yearly"],
      default: "hourly",
      description: "How a new device is billed. A change waits for `rebuild`.",
    },
    hardwareReservation: {
      type: "string",
      pattern: `${UUID}|^next-available$`,
      description:
        "The reserved machine that a new device is put on, or `next-available`. A change waits for `rebuild`.",
    },
    waitForReservation: {
      type: "boolean",
      default: false,
      description: "Removing the device waits until its reserved machine can be used again.",
    },
    addresses: {
      type: "array",
      uniqueItems: true,
      contains: { const: "private_ipv4" },
      items: { enum: ["public_ipv4", "private_ipv4", "public_ipv6"] },
      description:
        "Addresses of a new device, all three kinds when absent; a private one is a must. A change waits for `rebuild`.",
    },
    alwaysPxe: {
      type: "boolean",
      default: false,
      description: "A device with the image `custom_ipxe` starts from the network each time, not only the first.",
    },
    sshKeys: {
      type: "array",
      items: { type: "string", pattern: UUID },
      uniqueItems: true,
      description:
        "Ids of keys that the project has already, besides those of `keys`, let in on a new device. A change waits for `rebuild`.",
    },
    ipxeScriptUrl: {
      type: "string",
      minLength: 1,
      description: "Where a device with the image `custom_ipxe` starts from.",
    },
  },
};
