export const accountSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of a Vultr account",
  type: "object",
  additionalProperties: false,
  properties: {},
};

export interface BackupSchedule {
  type: "daily" | "weekly" | "monthly" | "daily_alt_even" | "daily_alt_odd";
  hour?: number;
  dayOfWeek?: number;
  dayOfMonth?: number;
}

/** `provider:` of a server. */
export interface VultrOptions {
  ddosProtection?: boolean;
  disablePublicIpv4?: boolean;
  startupScript?: string;
  backupSchedule?: BackupSchedule;
  persistentPxe?: boolean;
  sshKeys?: string[];
}

export const serverSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of a Vultr server",
  type: "object",
  additionalProperties: false,
  properties: {
    ddosProtection: {
      type: "boolean",
      default: false,
      description: "Protection from floods, at an extra charge. Cloud compute only.",
    },
    disablePublicIpv4: {
      type: "boolean",
      default: false,
      description: "Gives a new machine no public IPv4 address, where `ipv6` is on. A change waits for `rebuild`.",
    },
    startupScript: {
      type: "string",
      minLength: 1,
      description: "Id of a startup script that a new machine runs. A change waits for `rebuild`.",
    },
    backupSchedule: {
      type: "object",
      additionalProperties: false,
      required: ["type"],
      description: "When backups are made, where `backups` is on. Daily when absent. Cloud compute only.",
      properties: {
        type: {
          enum: ["daily", "weekly", "monthly", "daily_alt_even", "daily_alt_odd"],
          description: "How often; the last two on even and on odd dates.",
        },
        hour: { type: "integer", minimum: 0, maximum: 23, description: "Hour of the day, UTC." },
        dayOfWeek: { type: "integer", minimum: 1, maximum: 7, description: "Of a weekly one; 1 is Sunday." },
        dayOfMonth: { type: "integer", minimum: 1, maximum: 28, description: "Of a monthly one." },
      },
    },
    sshKeys: {
      type: "array",
      items: { type: "string", pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" },
      uniqueItems: true,
      description:
        "Ids of keys that the account has already, besides those of `keys`, let in on a new machine. A change waits for `rebuild`.",
    },
    persistentPxe: {
      type: "boolean",
      default: false,
      description: "Lets new bare metal boot from the network each time. A change waits for `rebuild`.",
    },
  },
};
