import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { FleetError } from "../../resources/errors.ts";
import type { SecretRef } from "../../resources/spec.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/** Names the folder that secrets lie in as files; systemd names its own. */
const FOLDERS = ["FLEETWRIGHT_SECRETS_DIR", "CREDENTIALS_DIRECTORY"] as const;

/** The value that a reference leads to. @throws {FleetError} CREDENTIAL_MISSING naming the variable or file, never its value. */
export async function readSecret(ref: SecretRef, environment: Environment): Promise<string> {
  const value = await secretText(ref, "", environment);
  if (value !== undefined) return value;
  throw new FleetError("CREDENTIAL_MISSING", `${placeOf(ref, environment)} is not set`, {});
}

/**
 * Where an operator lets a secret go (`HOST:PORT`, comma-separated): the address stands in git and the secret does not. From the variable
 * `NAME_ENDPOINT` beside the variable `NAME`, or the file `NAME.endpoint` beside the file `NAME`.
 */
export async function allowedEndpoints(ref: SecretRef, environment: Environment): Promise<string[]> {
  const text = await secretText(ref, ref.env === undefined ? ".endpoint" : "_ENDPOINT", environment);
  return (text ?? "").split(",").map((one) => one.trim());
}

/** How an operator allows an address. */
export function allowance(ref: SecretRef, endpoint: string): string {
  return ref.env === undefined ? `a file ${ref.file}.endpoint with ${endpoint}` : `${ref.env}_ENDPOINT=${endpoint}`;
}

async function secretText(ref: SecretRef, suffix: string, environment: Environment): Promise<string | undefined> {
  if (ref.env !== undefined) return environment[`${ref.env}${suffix}`]?.trim() || undefined;
  const folder = folderOf(environment);
  if (folder === undefined) return undefined;
  const text = await readFile(join(folder, `${ref.file}${suffix}`), "utf8").catch(() => "");
  return text.trim() || undefined;
}

const folderOf = (environment: Environment): string | undefined =>
  FOLDERS.map((name) => environment[name]).find((folder) => folder);

function placeOf(ref: SecretRef, environment: Environment): string {
  if (ref.env !== undefined) return `the environment variable ${ref.env}`;
  return folderOf(environment) === undefined
    ? `${FOLDERS.join(" or ")}, the folder with the file ${ref.file},`
    : `the file ${ref.file} of the secrets' folder`;
}
