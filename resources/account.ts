import { createHash } from "node:crypto";
import type { BudgetLedger } from "./budget-ledger.ts";
import { sharedBudget } from "./budget-shared.ts";
import type { Account, Cloud } from "./cloud.ts";
import { canonicalEndpoint, isAllowedBeside, isAllowedByEnvironment } from "./endpoints.ts";
import { FleetError, type FleetErrorCode } from "./errors.ts";
import type { AccountSpec, CredentialRef } from "./spec.ts";
import type { Wire } from "./wire.ts";

export interface ResolveOptions {
  /** The account's file, for messages. Default `accounts/NAME.yaml`. */
  file?: string;
  /** Credentials may name only variables that begin with one of these. Default: any. */
  envPrefixes?: readonly string[];
  /** What operators keep beside git. Default: only variables lead anywhere, and nothing is bound. */
  safe?: Safe;
  /** What other processes use of the same limits. Default: only this process counts. */
  ledger?: BudgetLedger;
  /** Told of each request that came to an end. */
  onCall?: (account: string, verdict: "ok" | FleetErrorCode) => void;
  /** How requests are sent again and who hears of them. Default: as each request says. */
  wire?: Wire;
}

/** Sealed credentials, files and bindings of one controller. */
export interface Safe {
  /** Whether an operator has bound what this field refers to, to this address. */
  isBound(spec: AccountSpec, field: string, endpoint: string): boolean;
  /** What was sealed for this field and address. @throws {FleetError} CREDENTIAL_MISSING, saying also where it was tampered with */
  unseal(spec: AccountSpec, field: string, endpoint: string): string;
  /** @throws {FleetError} CREDENTIAL_MISSING */
  readFile(path: string): string;
}

/**
 * An account with its credentials read, and the one rate budget of whoever uses them.
 *
 * A credential goes only where an operator lets it go, because the endpoint stands in git and the credential does not: to the cloud's public
 * address, or to one that is bound to it (`fleetwright credentials bind`), that FLEETWRIGHT_ENDPOINTS names, or that the variable `NAME_ENDPOINT`
 * beside the variable `NAME` has. What may not go anywhere is not even read.
 *
 * @throws {FleetError} CREDENTIAL_MISSING naming reference and file; FLEET_INVALID for an unknown field or an account without an address.
 */
export function resolveAccount(
  spec: AccountSpec,
  cloud: Lender & Pick<Cloud, "name" | "limits">,
  env: Readonly<Record<string, string | undefined>>,
  options: ResolveOptions = {},
): Account {
  const { endpoint, credentials } = readCredentials(spec, cloud, env, options);
  const { onCall, wire } = options;
  return {
    spec,
    endpoint,
    credentials,
    budget: sharedBudget({
      place: `${cloud.name} ${endpoint}`,
      credential: fingerprint(credentials),
      limits: cloud.limits,
      overrides: spec.budgets,
      ...(options.ledger && { ledger: options.ledger }),
    }),
    ...(onCall && { onCall: (verdict) => onCall(spec.name, verdict) }),
    ...(wire && { wire }),
  };
}

/** What lends itself to whoever has its credentials. */
export type Lender = Pick<Cloud, "title" | "endpoint" | "credentials">;

/** The address and the credentials of an account, without a budget. @throws {FleetError} as `resolveAccount` */
export function readCredentials(
  spec: AccountSpec,
  cloud: Lender,
  env: Readonly<Record<string, string | undefined>>,
  options: ResolveOptions = {},
): Pick<Account, "endpoint" | "credentials"> {
  const file = options.file ?? `accounts/${spec.name}.yaml`;
  const at = { account: spec.name, file };
  const { endpoint, canonical } = endpointOf(spec, cloud, file);
  const credentials: Record<string, string> = {};
  for (const [field, { required, description }] of Object.entries(cloud.credentials)) {
    const ref = spec.credentials[field];
    if (!ref && !required) continue;
    if (!ref) {
      throw new FleetError("CREDENTIAL_MISSING", `${file}: credentials.${field} is missing (${description})`, {
        ...at,
        field,
      });
    }
    const reading: Reading = { spec, cloud, field, ref, endpoint: canonical, env, options, file };
    checkEndpoint(reading);
    credentials[field] = readCredential(reading);
  }
  const unknown = Object.keys(spec.credentials).find((field) => !Object.hasOwn(cloud.credentials, field));
  if (unknown) {
    const allowed = Object.keys(cloud.credentials).join(", ");
    throw new FleetError(
      "FLEET_INVALID",
      `${file}: credentials.${unknown} is not one of ${cloud.title}'s: ${allowed}`,
      at,
    );
  }
  return { endpoint, credentials: unprintable(credentials) };
}

/** Where an account's requests go; `canonical` is for comparing. @throws {FleetError} FLEET_INVALID */
export function endpointOf(
  spec: Pick<AccountSpec, "name" | "endpoint">,
  cloud: Pick<Cloud, "title" | "endpoint">,
  file = `accounts/${spec.name}.yaml`,
): { endpoint: string; canonical: string } {
  const at = { account: spec.name, file };
  const endpoint = (spec.endpoint ?? cloud.endpoint)?.replace(/\/+$/, "");
  if (!endpoint) {
    throw new FleetError(
      "FLEET_INVALID",
      `${file}: an account of ${cloud.title} needs an endpoint: it has no public address`,
      at,
    );
  }
  const canonical = spec.endpoint === undefined ? ownEndpoint(cloud) : canonicalEndpoint(endpoint);
  if (canonical === undefined)
    throw new FleetError(
      "FLEET_INVALID",
      `${file}: endpoint must be an http(s) address without user name, query and fragment`,
      at,
    );
  return { endpoint, canonical };
}

/** The cloud's public address, to which its credentials may always go. */
export function ownEndpoint({ endpoint }: Pick<Cloud, "endpoint">): string | undefined {
  return endpoint && (canonicalEndpoint(endpoint) ?? endpoint);
}

/** A reference in words: `env:NAME`, `sealed`, `file:/PATH`. */
export function referenceOf(ref: CredentialRef): string {
  if (ref.env !== undefined) return `env:${ref.env}`;
  return ref.file === undefined ? "sealed" : `file:${ref.file}`;
}

interface Reading {
  spec: AccountSpec;
  cloud: Lender;
  field: string;
  ref: CredentialRef;
  endpoint: string;
  env: Readonly<Record<string, string | undefined>>;
  options: ResolveOptions;
  file: string;
}

function readCredential({ spec, field, ref, endpoint, env, options, file }: Reading): string {
  const at = { account: spec.name, file, field };
  if (ref.env !== undefined) return variable(ref.env, field, env, options, at);
  if (options.safe === undefined)
    throw new FleetError(
      "CREDENTIAL_MISSING",
      `${file}: credentials.${field} (${referenceOf(ref)}) can be read only by the controller: \`fleetwright run -- pulumi …\` hands it on`,
      at,
    );
  if (ref.file === undefined) return options.safe.unseal(spec, field, endpoint);
  return options.safe.readFile(ref.file);
}

type Where = { file: string; account: string; field: string };

function variable(
  name: string,
  field: string,
  env: Readonly<Record<string, string | undefined>>,
  { envPrefixes }: ResolveOptions,
  where: Where,
): string {
  const at = { ...where, variable: name };
  if (envPrefixes && !envPrefixes.some((prefix) => name.startsWith(prefix))) {
    const allowed = envPrefixes.join(", ");
    const message = `${where.file}: credentials.${field} names ${name}, but only variables that begin with ${allowed} may be named`;
    throw new FleetError("CREDENTIAL_MISSING", message, at);
  }
  const value = env[name]?.trim();
  if (!value) {
    const message = `${where.file}: credentials.${field} is read from the environment variable ${name}, which is not set`;
    throw new FleetError("CREDENTIAL_MISSING", message, at);
  }
  return value;
}

function checkEndpoint({ spec, cloud, field, ref, endpoint, env, options, file }: Reading): void {
  // What is sealed is sealed for one address, which no environment changes.
  if (ref.sealed) return;
  if (endpoint === ownEndpoint(cloud)) return;
  if (ref.env !== undefined && isAllowedBeside(ref.env, endpoint, env)) return;
  if (isAllowedByEnvironment(spec.name, endpoint, env)) return;
  if (options.safe?.isBound(spec, field, endpoint)) return;
  const beside = ref.env === undefined ? "" : `, or by setting ${ref.env}_ENDPOINT=${endpoint}`;
  const message = `${file}: credentials.${field} (${referenceOf(ref)}) may not be sent to ${endpoint}, which nobody has bound it to; an operator allows it by \`fleetwright credentials bind ${spec.name} --endpoint ${endpoint}\`${beside}`;
  throw new FleetError("CREDENTIAL_MISSING", message, { account: spec.name, file, field, endpoint });
}

function fingerprint(credentials: Readonly<Record<string, string>>): string {
  const hash = createHash("sha256")
    .update(JSON.stringify(Object.entries(credentials).sort()))
    .digest("hex");
  return hash.slice(0, 16);
}

/** Loggers and `JSON.stringify` see that something is there, not what. */
function unprintable(credentials: Record<string, string>): Readonly<Record<string, string>> {
  const hide = { enumerable: false, value: () => "[credentials]" };
  Object.defineProperties(credentials, { toJSON: hide, [Symbol.for("nodejs.util.inspect.custom")]: hide });
  return Object.freeze(credentials);
}
