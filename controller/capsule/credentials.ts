import { readFileSync, statSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { AuthenticationError } from "./errors.ts";
import { EQUINIX_PROJECT, PROVIDERS } from "./variables.ts";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a person keeps for this package: `~/.capsule`. */
export const capsuleDir = (environment: Environment): string => join(environment.HOME || homedir(), ".capsule");

/** Bits of a file's mode for whoever is not its owner. */
const OTHERS = 0o077;

/**
 * The environment with what `~/.capsule/providers.yml` and, for AWS, `~/.aws/credentials` have beside it: a variable that is set wins. Accounts of the
 * fleet only name variables, so no key is ever written to git.
 * @throws {AuthenticationError} for a providers.yml that others may read, or that is not what it should be: then nothing is taken from it.
 */
export function withCredentials(environment: Environment): Environment {
  const found: Record<string, string> = {};
  const put = (variable: string, value: unknown) => {
    if (!environment[variable] && (typeof value === "string" || typeof value === "number") && value !== "")
      found[variable] ??= String(value);
  };
  const file = providersFile(join(capsuleDir(environment), "providers.yml"));
  for (const [provider, { variables, keys }] of Object.entries(PROVIDERS)) {
    for (const [field, variable] of Object.entries(variables)) put(variable, file[provider]?.[keys[field]!]);
  }
  put(EQUINIX_PROJECT, file.equinix?.project_id);
  // Never half of one pair and half of another.
  const aws = Object.values(PROVIDERS.aws!.variables);
  if (!aws.some((variable) => environment[variable] || found[variable]))
    for (const [name, value] of Object.entries(awsProfile(environment))) put(name.toUpperCase(), value);
  return { ...environment, ...beside({ ...environment, ...found }), ...found };
}

/** Whether everything is there that a provider's account needs. */
export function isConfigured(provider: string, environment: Environment): boolean {
  const { variables, optional = [] } = PROVIDERS[provider]!;
  return Object.entries(variables).every(([field, variable]) => optional.includes(field) || environment[variable]);
}

/** Where a provider is, where an operator has said so: `NAME_ENDPOINT` beside its first variable. */
export function endpointOf(provider: string, environment: Environment): string | undefined {
  const [variable] = Object.values(PROVIDERS[provider]!.variables);
  return environment[`${variable}_ENDPOINT`] || undefined;
}

/** Who lets one field of an account go to an address lets the others. */
function beside(environment: Environment): Record<string, string> {
  return Object.fromEntries(
    Object.entries(PROVIDERS).flatMap(([provider, { variables }]) => {
      const endpoint = endpointOf(provider, environment);
      return endpoint === undefined ? [] : Object.values(variables).map((name) => [`${name}_ENDPOINT`, endpoint]);
    }),
  );
}

type ProvidersFile = Readonly<Record<string, Readonly<Record<string, unknown>> | undefined>>;

function providersFile(path: string): ProvidersFile {
  const text = readIfThere(path);
  if (text === undefined) return {};
  if ((statSync(path).mode & OTHERS) !== 0) throw refused(path, `others may read it: chmod 600 ${path}`);
  let file: unknown;
  try {
    file = load(text);
  } catch {
    // What is not valid may be a key: its text is told nobody.
    throw refused(path, "it is no YAML");
  }
  if (file === null || file === undefined) return {};
  const isMapping = (value: unknown) => typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isMapping(file) || !Object.values(file).every(isMapping))
    throw refused(path, "PROVIDER: { api_key: KEY } is wanted");
  const unknown = Object.keys(file).find((provider) => !Object.hasOwn(PROVIDERS, provider));
  if (unknown !== undefined)
    throw refused(path, `there is no provider ${unknown.slice(0, 40)}; there are ${Object.keys(PROVIDERS).join(", ")}`);
  return file as ProvidersFile;
}

const refused = (path: string, why: string): AuthenticationError =>
  new AuthenticationError(`${path} is not used: ${why}`, 401);

/** `aws_access_key_id` and so on of the profile that AWS_PROFILE names, as AWS's own tools read them. */
function awsProfile(environment: Environment): Record<string, string> {
  const path = environment.AWS_SHARED_CREDENTIALS_FILE || join(environment.HOME || homedir(), ".aws", "credentials");
  const wanted = environment.AWS_PROFILE || "default";
  const values: Record<string, string> = {};
  let profile = "";
  for (const line of (readIfThere(path) ?? "").split(/\r?\n/)) {
    const [, section] = /^\s*\[([^\]]+)\]\s*$/.exec(line) ?? [];
    if (section !== undefined) profile = section.trim();
    const [, name, value] = /^\s*(aws_\w+)\s*=\s*(\S+)\s*$/.exec(line) ?? [];
    if (name !== undefined && profile === wanted) values[name] = value!;
  }
  return values;
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw refused(path, (error as Error).message);
  }
}
