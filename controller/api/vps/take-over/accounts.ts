import type { Account } from "../../../../resources/cloud.ts";
import { FleetError } from "../../../../resources/errors.ts";
import type { AccountSpec } from "../../../../resources/spec.ts";
import type { Credentials } from "../../../credentials/credentials.ts";
import { objectFile } from "../../../fleet/object-file.ts";
import { type Controller, cloudOf } from "../../../reconcile/context.ts";
import type { Desired } from "../../../reconcile/desired.ts";
import { type MatchedAccount, matchAccounts } from "../../../reconcile/match.ts";
import { Refusal } from "../../dialect/refusal.ts";
import { candidate, isSecret, nameOf, newFields } from "../provider-file.ts";
import { PROVIDER_TYPES, providerEndpoint } from "../provider-types.ts";
import type { OldProvider } from "./installation.ts";

/** Before the name of an account, in capitals and with `_`: its key, as `api_key` would have it. */
const KEY_PREFIX = "FLEETWRIGHT_KEY_";
const LONGEST_TITLE = 200;

/** An account of the fleet that a provider has become, or is going to. */
export interface TakenAccount {
  provider: OldProvider;
  account: MatchedAccount;
  /** Its new file; absent where the fleet has it already. */
  file?: { path: string; text: string };
  /** Credentials by field that the environment has brought, to be sealed with the commit. */
  values?: Readonly<Record<string, string>>;
  /** An address that an operator has set for its type. */
  trusted?: string;
  /** With its credentials; absent where there are none yet. */
  lent?: Account;
  /** The variable that its key may be given by. */
  variable: string;
  /** Members of its configuration that are named like a secret: no place in git. */
  dropped: string[];
}

type Lending = Controller & { credentials: Pick<Credentials, "lend" | "probe"> };

/**
 * Accounts for these providers, each with its old id. A key of the environment is tried at its cloud first.
 * @throws {FleetError} USAGE for what can be no key or no account; CLOUD_AUTH where a cloud does not take one
 */
export async function takenAccounts(
  controller: Lending,
  desired: Desired,
  providers: readonly OldProvider[],
  signal: AbortSignal,
): Promise<TakenAccount[]> {
  const recorded = await controller.store.accounts();
  const names = new Set(desired.accounts.keys());
  const taken: TakenAccount[] = [];
  for (const provider of providers) {
    const there = [...desired.accounts.values()].find(({ spec }) => spec.uuid === provider.id);
    const one = there ? { ...known(provider, there), account: there } : fresh(controller, provider, names);
    names.add(one.spec.name);
    const account = there ?? matchAccounts([one.spec], recorded, controller.clouds).get(one.spec.name)!;
    const { spec: _, ...rest } = one;
    taken.push(await withKey(controller, { ...rest, account }, signal));
  }
  return taken;
}

type Drafted = Omit<TakenAccount, "account"> & { spec: AccountSpec };

function known(provider: OldProvider, { spec }: MatchedAccount): Drafted {
  if (spec.provider !== provider.type)
    throw new FleetError("USAGE", `${spec.name} has the id of ${provider.name}, and is on ${spec.provider}`);
  return { provider, spec, variable: variableOf(spec.name), dropped: [] };
}

function fresh(controller: Controller, provider: OldProvider, names: ReadonlySet<string>): Drafted {
  const { type, id, active, configuration: all } = provider;
  const title = provider.name.slice(0, LONGEST_TITLE);
  const name = nameOf(title, (one) => names.has(one), id.slice(0, 6));
  const trusted = providerEndpoint(type, controller.environment);
  const dropped = Object.keys(all).filter((member) => isSecret(member, all[member]));
  const configuration = Object.fromEntries(Object.entries(all).filter(([member]) => !dropped.includes(member)));
  const required = Object.entries(cloudOf(controller, type).credentials).filter(([, field]) => field.required);
  const sealed = Object.fromEntries(required.map(([field]) => [field, ""]));
  const { title: _, ...rest } = newFields(type, { name: title, configuration }, sealed, trusted);
  const fields = { title, uuid: id, ...rest, ...(!active && { active: false }) };
  const path = `accounts/${name}.yaml`;
  return {
    provider,
    spec: asFleetError(provider, () => candidate(name, fields)),
    file: { path, text: objectFile("Account", path, { name, ...fields }) },
    ...(trusted !== undefined && { trusted }),
    variable: variableOf(name),
    dropped,
  };
}

async function withKey(controller: Lending, taken: TakenAccount, signal: AbortSignal): Promise<TakenAccount> {
  const { account, provider, trusted, variable } = taken;
  const { spec } = account;
  if (spec.retired) return taken;
  try {
    return { ...taken, lent: controller.account(spec) };
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== "CREDENTIAL_MISSING") throw error;
  }
  const key = controller.environment[variable];
  if (!key) return taken;
  const values = asFleetError(provider, () => PROVIDER_TYPES[provider.type]!.credentialsOf(key));
  const request = { spec, values, trusted: trusted ?? providerEndpoint(provider.type, controller.environment) };
  await controller.credentials.probe({ ...request, signal });
  return { ...taken, values, lent: controller.credentials.lend(request) };
}

const variableOf = (name: string): string => `${KEY_PREFIX}${name.toUpperCase().replaceAll("-", "_")}`;

/** @throws {FleetError} USAGE in place of the dialect's refusal, which only its callers know */
function asFleetError<T>({ name, id }: OldProvider, make: () => T): T {
  try {
    return make();
  } catch (cause) {
    if (!(cause instanceof Refusal)) throw cause;
    throw new FleetError("USAGE", `the provider ${name} (${id}): ${cause.message}`, {}, { cause });
  }
}
