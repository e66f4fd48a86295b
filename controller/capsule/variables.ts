/** The fields of a provider's account, and the environment variables that they come from. */
export interface Credentials {
  /** By field of an Account's `credentials`. */
  variables: Readonly<Record<string, string>>;
  /** By field, what `~/.capsule/providers.yml` calls it. */
  keys: Readonly<Record<string, string>>;
  /** Fields that need not be there. */
  optional?: readonly string[];
}

const oneKey = (field: string, variable: string): Credentials => ({
  variables: { [field]: variable },
  keys: { [field]: "api_key" },
});

/** By provider, in the order that they are told in. */
export const PROVIDERS: Readonly<Record<string, Credentials>> = {
  hivelocity: oneKey("apiKey", "HIVELOCITY_API_KEY"),
  digitalocean: oneKey("token", "DIGITALOCEAN_API_KEY"),
  vultr: oneKey("apiKey", "VULTR_API_KEY"),
  aws: {
    variables: {
      accessKeyId: "AWS_ACCESS_KEY_ID",
      secretAccessKey: "AWS_SECRET_ACCESS_KEY",
      sessionToken: "AWS_SESSION_TOKEN",
    },
    keys: { accessKeyId: "access_key_id", secretAccessKey: "secret_access_key", sessionToken: "session_token" },
    optional: ["sessionToken"],
  },
  equinix: oneKey("token", "EQUINIX_API_KEY"),
  linode: oneKey("token", "LINODE_API_KEY"),
};

/** The project that new machines at Equinix Metal are put into. */
export const EQUINIX_PROJECT = "EQUINIX_PROJECT_ID";

/** What a fleet's `envPrefixes` has so that accounts may name these. */
export const ENV_PREFIXES: readonly string[] = [
  "FLEETWRIGHT_",
  ...new Set(Object.values(PROVIDERS).flatMap(({ variables }) => Object.values(variables).map(prefixOf))),
];

function prefixOf(variable: string): string {
  return `${variable.split("_")[0]}_`;
}
