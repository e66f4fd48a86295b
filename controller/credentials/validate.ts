import { endpointOf } from "../../resources/account.ts";
import type { Access, Call, Cloud } from "../../resources/cloud.ts";
import type { AccountSpec } from "../../resources/spec.ts";

export interface Validation extends Access {
  account: string;
  provider: string;
  endpoint: string;
  /** `access`: the cloud itself says what they may do. `list`: it does not, and has answered a list of servers. */
  by: "access" | "list";
}

/** Asks once what an account's credentials may do. @throws {FleetError} CLOUD_AUTH when the cloud does not take them, and others of a call. */
export async function validateAccount(spec: AccountSpec, cloud: Cloud, call: Call): Promise<Validation> {
  const { canonical: endpoint } = endpointOf(spec, cloud);
  const about = { account: spec.name, provider: cloud.name, endpoint };
  if (cloud.access !== undefined) return { ...about, by: "access", ...(await cloud.access(call)) };
  // The first page says as much as all of them.
  for await (const _ of cloud.list(call)) break;
  return { ...about, by: "list", may: ["list servers"] };
}
