import { canonicalEndpoint } from "../../../resources/endpoints.ts";
import { FleetError } from "../../../resources/errors.ts";
import { Refusal } from "../dialect/refusal.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Where requests to the clouds of providers go: `TYPE=URL`, parted by commas. No caller can say it. */
export const PROVIDER_ENDPOINTS_VARIABLE = "FLEETWRIGHT_PROVIDER_ENDPOINTS";

/** Types that the document's table may hold. */
export const STORED_TYPES = ["linode", "digitalocean", "aws", "gcp"] as const;

/** Requests a second on average and at once after a pause, by scope. */
type Budgets = Readonly<Record<string, { perSecond: number; burst: number }>>;

export interface ProviderType {
  /** The credentials that a key is. @throws {Refusal} invalid, without the key */
  credentialsOf(key: string): Record<string, string>;
  /** Limits that the document tells, where they are less than the cloud's own. */
  budgets?: Budgets;
}

const asToken = (key: string) => ({ token: key });

/** What can be made here, by the registry's names of the clouds. */
export const PROVIDER_TYPES: Readonly<Record<string, ProviderType>> = {
  // 1,600 an hour: a little less a second, so that no rounding makes it more.
  linode: { credentialsOf: asToken, budgets: { account: { perSecond: 0.4444, burst: 1600 } } },
  digitalocean: { credentialsOf: asToken },
  aws: {
    credentialsOf: (key) => {
      const [, accessKeyId, secretAccessKey] = /^([^:\s]+):(\S+)$/.exec(key) ?? [];
      if (accessKeyId === undefined || secretAccessKey === undefined)
        throw new Refusal("invalid", "api_key of aws is wanted as ID:SECRET", { field: "api_key" });
      return { accessKeyId, secretAccessKey };
    },
  },
};

/** The address that an operator has set for a type; undefined for the cloud's own. @throws {FleetError} USAGE for what is none */
export function providerEndpoint(type: string, environment: Environment): string | undefined {
  for (const entry of (environment[PROVIDER_ENDPOINTS_VARIABLE] ?? "").split(",").filter((one) => one.trim() !== "")) {
    const [, name, url = ""] = /^\s*([a-z]+)\s*=\s*(\S+)\s*$/.exec(entry) ?? [];
    const endpoint = canonicalEndpoint(url);
    if (name === undefined || endpoint === undefined)
      // The address may hold a password that somebody has put into it.
      throw new FleetError("USAGE", `${PROVIDER_ENDPOINTS_VARIABLE}: TYPE=URL is wanted in each entry`);
    if (name === type) return endpoint;
  }
  return undefined;
}
