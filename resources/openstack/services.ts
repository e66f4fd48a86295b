import type { Account, Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { accountOptions } from "./schemas.ts";
import type { Session } from "./session.ts";

/** Services that are used, by their type in the catalogue, with the version that their paths begin with. */
const VERSION_PATHS = {
  compute: undefined,
  network: "/v2.0",
  image: "/v2",
  identity: "/v3",
  placement: undefined,
} as const;

export type Service = keyof typeof VERSION_PATHS;

/**
 * The address of a service as the catalogue of this Keystone names it, with version. The token goes nowhere else: not to another address in the
 * account's file, not where an answer's link points.
 *
 * @throws {FleetError} CLOUD_UNSUPPORTED when the catalogue lacks the service, FLEET_INVALID when several regions have it and none is chosen,
 * CLOUD_REFUSED when it would send the token in the clear although Keystone itself is reached by TLS
 */
export function baseOf(account: Account, session: Session, service: Service): string {
  const { url } = endpointOf(account, session, service);
  const version = VERSION_PATHS[service];
  return version === undefined || url.endsWith(version) ? url : `${url}${version}`;
}

/** The same call, for an address of the catalogue. */
export const atService = (call: Call, endpoint: string): Call => ({ ...call, account: { ...call.account, endpoint } });

/** Where and in which region a service is. */
export function endpointOf(account: Account, session: Session, service: string): { url: string; region: string } {
  const { region, interface: wanted = "public" } = accountOptions(account.spec.options);
  const at = { account: account.spec.name, service };
  const all = (session.catalog.get(service) ?? []).filter((endpoint) => endpoint.interface === wanted);
  const found = region === undefined ? all : all.filter((endpoint) => endpoint.region === region);
  const regions = [...new Set(all.map((endpoint) => endpoint.region))];
  if (found[0] === undefined) {
    const where =
      region === undefined
        ? ""
        : ` in region ${region}${regions.length > 0 ? `; there are ${regions.join(", ")}` : ""}`;
    const message = `the catalogue of account ${account.spec.name} has no ${wanted} ${service} service${where}`;
    throw new FleetError("CLOUD_UNSUPPORTED", message, at);
  }
  if (region === undefined && regions.length > 1) {
    const message = `account ${account.spec.name}: options.region must choose one of ${regions.sort().join(", ")}`;
    throw new FleetError("FLEET_INVALID", message, at);
  }
  if (session.secure && !found[0].url.startsWith("https:")) {
    const message = `the catalogue names ${found[0].url} for ${service}, which would show the token of account ${account.spec.name} to the network: Keystone itself is reached by TLS`;
    throw new FleetError("CLOUD_REFUSED", message, at);
  }
  return found[0];
}
