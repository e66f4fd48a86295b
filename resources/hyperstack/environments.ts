import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { type Environment, isEnvironment } from "./answers.ts";
import { hyperstackList } from "./http.ts";
import { accountOptions } from "./schemas.ts";

/** The account's environment for a region. Hyperstack gives each organization one of the name `default-REGION`. */
export function environmentOf(options: Readonly<Record<string, unknown>>, region: string): string {
  const { environments, environment } = accountOptions(options);
  return environments?.[region] ?? environment ?? `default-${region}`;
}

/** @throws {FleetError} FLEET_INVALID when there is none of this name in this region */
export async function findEnvironment(call: Call, name: string, region: string): Promise<Environment> {
  const all = await hyperstackList<Environment>(call, "/core/environments", "environments", isEnvironment);
  const found = all.find((environment) => environment.name === name);
  if (found?.region === region) return found;
  const here = all.filter((environment) => environment.region === region).map((environment) => environment.name);
  const there = here.length > 0 ? `there are ${here.join(", ")}` : "there is none at all";
  const what = found ? `the environment ${name} lies in ${found.region}, not in ${region}` : `no environment ${name}`;
  throw new FleetError("FLEET_INVALID", `${what}; in ${region} ${there}`, {
    cloud: "hyperstack",
    account: call.account.spec.name,
    region,
  });
}
