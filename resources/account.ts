import { createHash } from "node:crypto";
import type { BudgetLedger } from "./budget-ledger.ts";
import { sharedBudget } from "./budget-shared.ts";
import type { Account, Cloud } from "./cloud.ts";
import { FleetError, type FleetErrorCode } from "./errors.ts";
import type { AccountSpec } from "./spec.ts";

export interface ResolveOptions {
  /** The account's file, for messages. Default `accounts/NAME.yaml`. */
  file?: string;
  /** Credentials may name only variables that begin with one of these. Default: any. */
  envPrefixes?: readonly string[];
  /** What other processes use of the same limits. Default: only this process counts. */
  ledger?: BudgetLedger;
  /** Told of each request that came to an end. */
  onCall?: (account: string, verdict: "ok" | FleetErrorCode) => void;
}

/**
 * An account with its credentials read from `env`, and the one rate budget of whoever uses them.
 *
 * A credential goes only where an operator lets it go, because the endpoint stands in git and the credential does not: to the cloud's public
 * address, to this machine, or to the addresses (comma-separated) in the variable `NAME_ENDPOINT` beside the variable `NAME` it is read from.
 *
 * @throws {FleetError} CREDENTIAL_MISSING naming variable and file; FLEET_INVALID for an unknown field or an account without an address.
 */
export function resolveAccount(
  spec: AccountSpec,
  cloud: Cloud,
  env: Readonly<Record<string, string | undefined>>,
  options: ResolveOptions = {},
): Account {
  const file = options.file ?? `accounts/${spec.name}.yaml`;
  const at = { account: spec.name, file };
  const endpoint = (spec.endpoint ?? cloud.endpoint)?.replace(/\/+$/, "");
  if (!endpoint) {
    throw new FleetError(
      "FLEET_INVALID",
      `${file}: an account of ${cloud.title} needs an endpoint: it has no public address`,
      at,
    );
  }
  const credentials: Record<string, string> = {};
  for (const [field, { required, description }] of Object.entries(cloud.credentials)) {
    const variable = spec.credentials[field]?.env;
    if (!variable && !required) continue;
    if (!variable) {
      throw new FleetError("CREDENTIAL_MISSING", `${file}: credentials.${field} is missing (${description})`, {
        ...at,
        field,
      });
    }
    credentials[field] = credential(variable, field, env, options, { file, account: spec.name });
    checkEndpoint(endpoint, variable, cloud, env, { file, account: spec.name });
  }
  const { onCall } = options;
  const unknown = Object.keys(spec.credentials).find((field) => !Object.hasOwn(cloud.credentials, field));
  if (unknown) {
    const allowed = Object.keys(cloud.credentials).join(", ");
    throw new FleetError(
      "FLEET_INVALID",
      `${file}: credentials.${unknown} is not one of ${cloud.title}'s: ${allowed}`,
      at,
    );
  }
  return {
    spec,
    endpoint,
    credentials: unprintable(credentials),
    budget: sharedBudget({
      place: `${cloud.name} ${endpoint}`,
      credential: fingerprint(credentials),
      limits: cloud.limits,
      overrides: spec.budgets,
      ...(options.ledger && { ledger: options.ledger }),
    }),
    ...(onCall && { onCall: (verdict) => onCall(spec.name, verdict) }),
  };
}

type Where = { file: string; account: string };

function credential(
  variable: string,
  field: string,
  env: Readonly<Record<string, string | undefined>>,
  options: ResolveOptions,
  where: Where,
): string {
  const at = { ...where, field, variable };
  const { envPrefixes } = options;
  if (envPrefixes && !envPrefixes.some((prefix) => variable.startsWith(prefix))) {
    const allowed = envPrefixes.join(", ");
    const message = `${where.file}: credentials.${field} names ${variable}, but only variables that begin with ${allowed} may be named`;
    throw new FleetError("CREDENTIAL_MISSING", message, at);
  }
  const value = env[variable]?.trim();
  if (!value) {
    const message = `${where.file}: credentials.${field} is read from the environment variable ${variable}, which is not set`;
    throw new FleetError("CREDENTIAL_MISSING", message, at);
  }
  return value;
}

function checkEndpoint(
  endpoint: string,
  variable: string,
  cloud: Cloud,
  env: Readonly<Record<string, string | undefined>>,
  where: Where,
): void {
  if (endpoint === cloud.endpoint || isLoopback(endpoint)) return;
  const allowed = (env[`${variable}_ENDPOINT`] ?? "").split(",").map((text) => text.trim().replace(/\/+$/, ""));
  if (allowed.includes(endpoint)) return;
  const message = `${where.file}: ${variable} may not be sent to ${endpoint}; an operator allows it by setting ${variable}_ENDPOINT=${endpoint}`;
  throw new FleetError("CREDENTIAL_MISSING", message, { ...where, variable, endpoint });
}

function isLoopback(endpoint: string): boolean {
  const host = URL.canParse(endpoint) ? new URL(endpoint).hostname : "";
  return host === "localhost" || host === "[::1]" || /^127(\.\d+){3}$/.test(host);
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
