import { resolveAccount } from "../account.ts";
import { FleetError } from "../errors.ts";
import { cloudNamed } from "../registry.ts";
import type { AccountSpec } from "../spec.ts";
import type { ProviderPackage } from "./handler.ts";
import { httpJournal, lookFirstJournal } from "./journal-client.ts";
import { fleetwrightPackage } from "./package.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The package as an executable serves it, for the account that the environment tells: FLEETWRIGHT_ACCOUNT (JSON of its document), the variables
 * that its credentials name, and FLEETWRIGHT_JOURNAL with FLEETWRIGHT_JOURNAL_TOKEN where a controller keeps the journal of creates.
 *
 * Where the environment does not tell it, the package has no types, and says what is missing when the engine configures it.
 */
export async function packageFromEnvironment(env: Environment, version: string): Promise<ProviderPackage> {
  try {
    const spec = accountSpec(env.FLEETWRIGHT_ACCOUNT);
    const cloud = cloudNamed(spec.provider);
    const account = resolveAccount(spec, cloud, env);
    const url = env.FLEETWRIGHT_JOURNAL;
    const journal = url ? httpJournal({ url, token: env.FLEETWRIGHT_JOURNAL_TOKEN ?? "" }) : lookFirstJournal();
    return await fleetwrightPackage({ account, cloud, journal, version });
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    return { name: "fleetwright", version, handlers: [], configure: () => Promise.reject(error) };
  }
}

function accountSpec(json: string | undefined): AccountSpec {
  if (!json) {
    const message =
      "FLEETWRIGHT_ACCOUNT is not set: run `fleetwright run -- pulumi …`, which tells the provider its account";
    throw new FleetError("USAGE", message);
  }
  const spec = parsed(json) as Partial<AccountSpec> | undefined;
  const complete =
    typeof spec?.name === "string" &&
    typeof spec.provider === "string" &&
    typeof spec.credentials === "object" &&
    typeof spec.deadlines?.createSeconds === "number" &&
    typeof spec.deadlines.settleSeconds === "number";
  if (!complete) throw new FleetError("USAGE", "FLEETWRIGHT_ACCOUNT is not the JSON of an account's document");
  return spec as AccountSpec;
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}
