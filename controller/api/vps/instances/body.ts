import type { Schema } from "../route.ts";

/** What a client sends to have an instance made: the two documented bodies in one. */
export interface CreateBody {
  provider_id?: string | null;
  provider_type?: string;
  label: string;
  type: string;
  region?: string | null;
  image?: string | null;
  rootPassword?: string | null;
  sshKeys?: string[] | null;
  backups?: boolean | null;
  tags?: string[] | null;
  monitoring?: boolean | null;
  ipv6?: boolean | null;
  vpc_uuid?: string | null;
  appSlug?: string | null;
  privateIP?: boolean | null;
  stackscriptId?: number | null;
  stackscriptData?: Record<string, string> | null;
}

const optional = (type: string, more: object = {}): Schema => ({ type: [type, "null"], ...more });
/** No control characters: each becomes part of a file, a header or a request. */
const PLAIN = "^[^\\u0000-\\u001f\\u007f]*$";

export const CREATE_BODY: Schema = {
  type: "object",
  required: ["label", "type"],
  properties: {
    provider_id: optional("string", { format: "uuid", description: "Default: the first active one of the type." }),
    provider_type: { enum: ["linode", "digitalocean", "aws", "gcp"] },
    label: { type: "string", minLength: 1, maxLength: 255, pattern: PLAIN, description: "Any text." },
    type: { type: "string", minLength: 1, maxLength: 200, description: "The provider's own size." },
    region: optional("string", {
      minLength: 1,
      maxLength: 100,
      description: "Default: the provider's default region.",
    }),
    image: optional("string", { minLength: 1, maxLength: 200 }),
    rootPassword: optional("string", {
      minLength: 7,
      maxLength: 128,
      pattern: PLAIN,
      writeOnly: true,
      description: "Goes into the provider's request alone and is kept nowhere.",
    }),
    sshKeys: optional("array", {
      maxItems: 50,
      items: { type: "string", minLength: 1, maxLength: 16_384 },
      description: "Public keys, or ids of keys that the provider has already.",
    }),
    backups: optional("boolean"),
    tags: optional("array", { maxItems: 50, items: { type: "string", minLength: 1, maxLength: 128 } }),
    monitoring: optional("boolean", { description: "DigitalOcean." }),
    ipv6: optional("boolean", { description: "DigitalOcean." }),
    vpc_uuid: optional("string", { maxLength: 100, description: "DigitalOcean." }),
    appSlug: optional("string", {
      maxLength: 200,
      description: "DigitalOcean: a one-click application, made in place of `image`.",
    }),
    privateIP: optional("boolean", { description: "Linode." }),
    stackscriptId: optional("integer", { minimum: 1, description: "Linode." }),
    stackscriptData: optional("object", {
      description: "Linode: answers to the StackScript's questions.",
      propertyNames: { pattern: "^[A-Za-z_][A-Za-z0-9_]{0,63}$" },
      additionalProperties: { type: "string", maxLength: 65_535, writeOnly: true },
    }),
  },
};
