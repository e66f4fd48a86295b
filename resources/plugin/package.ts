import type { Account, Call, Cloud } from "../cloud.ts";
import type { Journal } from "../journal.ts";
import type { ProviderPackage, ResourceHandler } from "./handler.ts";
import { powerHandler, powerSchema } from "./power.ts";

/** What the handlers of an account are made of. */
export interface HandlerParts {
  account: Account;
  cloud: Cloud;
  /** A call on behalf of the engine run. */
  call(signal: AbortSignal): Call;
  journal: Journal;
}

/** Types of our own package that only one cloud has. */
export interface CloudTypes {
  handlers(parts: HandlerParts): ResourceHandler[];
  /** By type token, as `resourceSchema` makes them. */
  schema: Record<string, object>;
}

/** The package `fleetwright` as one engine run sees it: the types of the account's cloud, bound to that account. */
export async function fleetwrightPackage(options: {
  account: Account;
  cloud: Cloud;
  journal: Journal;
  version: string;
}): Promise<ProviderPackage> {
  const { account, cloud, journal, version } = options;
  const call = (signal: AbortSignal): Call => ({ signal, account, priority: "background" });
  const own = await cloud.types?.();
  return {
    name: "fleetwright",
    version,
    handlers: [powerHandler({ cloud, call }), ...(own?.handlers({ account, cloud, call, journal }) ?? [])],
    schema: () =>
      JSON.stringify({
        name: "fleetwright",
        version,
        description: `Servers of ${cloud.title} and their power, as Fleetwright keeps them`,
        resources: { ...powerSchema(cloud), ...own?.schema },
      }),
  };
}
