const PERIODS = ["hourly", "monthly", "quarterly", "semi-annually", "annually", "biennial", "triennial"] as const;

/** `options` of an account. */
export interface AccountOptions {
  period?: (typeof PERIODS)[number];
}

/** `provider:` of a server. */
export interface ServerOptions extends AccountOptions {
  vlanId?: number;
  ignitionId?: number;
  deviceId?: number;
  ipxeUrl?: string;
  bonding?: boolean;
  sshKeys?: string[];
}

export const accountOptions = (options: Readonly<Record<string, unknown>>): AccountOptions => options;
export const serverOptions = (options: Readonly<Record<string, unknown>>): ServerOptions => options;

const period = { enum: PERIODS, default: "hourly" };
const id = { type: "integer", minimum: 1 };

export const accountSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of a Hivelocity account",
  type: "object",
  additionalProperties: false,
  properties: {
    period: { ...period, description: "Billing period of new devices, when a server does not say." },
  },
};

export const serverSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of a Hivelocity server",
  description: "All of them apply when a device is made: a change waits for `rebuild`.",
  type: "object",
  additionalProperties: false,
  properties: {
    period: {
      ...period,
      description: "Billing period. A device with a longer one than `hourly` stays until its end when it is cancelled.",
    },
    vlanId: { ...id, description: "VLAN that the device is put into." },
    ignitionId: { ...id, description: "Ignition file of the account, for Flatcar." },
    deviceId: { ...id, description: "A device that is reserved for this account, in place of any from stock." },
    ipxeUrl: { type: "string", pattern: "^https?://", description: "Address of an iPXE script that installs it." },
    sshKeys: {
      type: "array",
      items: { type: "string", pattern: "^[1-9][0-9]{0,14}$" },
      maxItems: 1,
      description: "Id of the key that the account has already, in place of `keys`.",
    },
    bonding: { type: "boolean", description: "Whether its ports can be bonded; either when absent." },
  },
};
