export const accountSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of a Linode account",
  type: "object",
  additionalProperties: false,
  properties: {},
};

/** `provider:` of a server. */
export interface LinodeOptions {
  privateIp?: boolean;
  swapSizeMiB?: number;
  diskEncryption?: "enabled" | "disabled";
  watchdog?: boolean;
  resizeDisk?: boolean;
  stackscriptId?: number;
  labelFrom?: "hostname" | "name";
  label?: string;
}

export const serverSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  title: "Options of a Linode server",
  type: "object",
  additionalProperties: false,
  properties: {
    privateIp: {
      type: "boolean",
      default: false,
      description: "Gives a new machine a private address. A change waits for `rebuild`.",
    },
    swapSizeMiB: {
      type: "integer",
      minimum: 0,
      description: "Swap disk of a new machine, 512 when absent. A change waits for `rebuild`.",
    },
    diskEncryption: {
      enum: ["enabled", "disabled"],
      description: "Of a new machine's disks. A change waits for `rebuild`.",
    },
    watchdog: {
      type: "boolean",
      default: true,
      description: "Lassie: boots the machine again when it goes down by itself.",
    },
    resizeDisk: { type: "boolean", default: false, description: "Lets the disk grow or shrink with the size." },
    labelFrom: {
      enum: ["hostname", "name"],
      default: "hostname",
      description:
        "What the machine's label is made of. Labels are unique within an account: by `name`, several machines may have one host name.",
    },
    label: {
      type: "string",
      minLength: 3,
      maxLength: 50,
      pattern: "^[a-zA-Z]((?!--|__|\\.\\.)[a-zA-Z0-9_.\\-])+$",
      description:
        "The machine's label, where it is to be neither of these: one with a `_`, as adopted machines may have.",
    },
    stackscriptId: {
      type: "integer",
      minimum: 1,
      description:
        "StackScript that a new machine runs when it first boots; answers to its questions stand in `secrets.stackscriptData`. A change waits for `rebuild`.",
    },
  },
};
