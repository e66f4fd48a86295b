import { FleetError } from "../../resources/errors.ts";
import { clouds } from "../../resources/registry.ts";
import { objectFile } from "../fleet/object-file.ts";
import { commitFiles } from "../reconcile/commit-files.ts";
import type { Desired } from "../reconcile/desired.ts";
import type { MatchedAccount } from "../reconcile/match.ts";
import { type Environment, endpointOf, isConfigured } from "./credentials.ts";
import { APIError, AuthenticationError } from "./errors.ts";
import type { Home } from "./home.ts";
import type { Room } from "./room.ts";
import { EQUINIX_PROJECT, PROVIDERS } from "./variables.ts";

export interface Accounts {
  home: Home;
  environment: Environment;
  /** Names of accounts by provider, where a fleet has several of one. */
  chosen: Readonly<Record<string, string>>;
  /** Where the provider's templates are sold. */
  regions: readonly string[];
}

/**
 * The fleet's account at a provider. A fleet of this package's own gets one when it is first needed; elsewhere its owners write it.
 * @param project at Equinix Metal, of this one call
 * @throws {AuthenticationError} 401 without credentials; {APIError} 404 or 409 without one account that is meant.
 */
export async function accountAt(
  provider: string,
  room: Room,
  accounts: Accounts,
  project?: string,
): Promise<{ account: MatchedAccount; desired: Desired }> {
  const desired = await room.desired();
  const found = chosenIn(desired, provider, accounts.chosen[provider]);
  if (found !== undefined) {
    refuseOtherProject(found, project);
    return { account: found, desired };
  }
  const { dir, isOwn } = accounts.home;
  if (!isOwn)
    throw new APIError(
      `the fleet ${dir} has no account at ${provider}: write accounts/${provider}.yaml with its credentials, and commit it`,
      404,
    );
  await addAccount(provider, room, accounts, desired, project);
  const after = await room.desired();
  return { account: after.accounts.get(provider)!, desired: after };
}

/** The one that is named; else the one with the provider's name; else the only one there. */
function chosenIn({ accounts }: Desired, provider: string, chosen: string | undefined): MatchedAccount | undefined {
  const own = [...accounts.values()].filter(({ spec }) => spec.provider === provider);
  const names = own.map(({ spec }) => spec.name).join(", ");
  const named = own.find(({ spec }) => spec.name === (chosen ?? provider));
  if (named !== undefined) return named;
  if (chosen !== undefined)
    throw new APIError(`the fleet has no account ${chosen} at ${provider}${names && `; there are ${names}`}`, 404);
  if (own.length < 2) return own[0];
  throw new APIError(`the fleet has several accounts at ${provider}: ${names}. Say which by \`accounts\``, 409);
}

function refuseOtherProject({ spec }: MatchedAccount, project: string | undefined): void {
  if (project === undefined || project === spec.options.project) return;
  throw new APIError(`project_id: the account ${spec.name} is for the project ${String(spec.options.project)}`, 400);
}

async function addAccount(
  provider: string,
  { controller, by }: Room,
  { environment, regions }: Accounts,
  { commit }: Desired,
  project = environment[EQUINIX_PROJECT],
): Promise<void> {
  const { variables } = PROVIDERS[provider]!;
  if (!isConfigured(provider, environment))
    throw new AuthenticationError(
      `there are no credentials for ${provider}: set ${Object.values(variables).slice(0, 2).join(" and ")}, or write them into ~/.capsule/providers.yml`,
      401,
    );
  if (provider === "equinix" && project === undefined)
    throw new APIError(`the project at Equinix Metal is not known: set ${EQUINIX_PROJECT}, or give project_id`, 400);
  const endpoint = endpointOf(provider, environment);
  const fields = {
    name: provider,
    provider,
    ...(endpoint !== undefined && { endpoint }),
    credentials: Object.fromEntries(
      Object.entries(variables)
        .filter(([, variable]) => environment[variable])
        .map(([field, env]) => [field, { env }]),
    ),
    ...optionsOf(provider, project, regions),
  };
  const path = `accounts/${provider}.yaml`;
  const message = `Add the account at ${clouds[provider as keyof typeof clouds].title}`;
  const files = { [path]: objectFile("Account", path, fields) };
  try {
    await commitFiles(controller, commit, files, { message, author: by });
  } catch (error) {
    // Another process has written it meanwhile.
    if (!(error instanceof FleetError) || error.code !== "COMMIT_CONFLICT") throw error;
  }
}

function optionsOf(provider: string, project: string | undefined, regions: readonly string[]): { options?: object } {
  if (provider === "equinix") return { options: { project } };
  // A policy with a limit of money lets nothing pass whose price is not known, and those of all regions take minutes to read.
  return provider === "aws" ? { options: { prices: true, priceRegions: regions } } : {};
}
