import { createHmac } from "node:crypto";
import { FleetError } from "../../resources/errors.ts";
import { secretValues } from "../../resources/secrets.ts";
import type { ServerSecrets, ServerSpec } from "../../resources/spec.ts";
import { readKey, stateKeyFile } from "../keys.ts";
import type { Controller } from "../reconcile/context.ts";
import type { SealedServerSecret } from "../store/types.ts";
import { KeyRing } from "./keys.ts";
import { type SealedFor, seal, unseal } from "./seal.ts";

type Parts = Pick<Controller, "store" | "dataDir" | "environment">;

/**
 * Seals what a server that is about to be asked for is made with, and answers what its file says instead: for each value a fingerprint by the
 * fleet's key. It is part of the compiled document, so another value is another effect. They are kept until the server's changes are closed or have
 * converged, or for an hour where none comes.
 * @throws {FleetError} STORE_FAILED, CREDENTIAL_MISSING
 */
export async function sealServerSecrets(
  { store, dataDir, environment }: Parts,
  server: string,
  values: ServerSecrets,
  by: string,
): Promise<ServerSecrets> {
  const fleetKey = await readKey(await stateKeyFile(dataDir, environment));
  const sealKey = await new KeyRing(dataDir, environment).newest();
  const rows: SealedServerSecret[] = [];
  const refs = mapped(values, (value, field) => {
    const ref = referenceOf(fleetKey, server, field, value);
    rows.push({ ref, server, field, ...seal(value, placeOf({ ref, server, field }), sealKey), by });
    return ref;
  });
  await store.putServerSecrets(rows);
  return refs;
}

/** What stands for values where a request is told from others: nobody can find them by trying without the fleet's key. */
export async function secretFingerprints(
  { dataDir, environment }: Pick<Parts, "dataDir" | "environment">,
  values: ServerSecrets,
): Promise<ServerSecrets> {
  const fleetKey = await readKey(await stateKeyFile(dataDir, environment));
  return mapped(values, (value, field) => referenceOf(fleetKey, "", field, value));
}

/**
 * The values again. Each is looked at whether it is the one that was approved, for the server that it was sealed for.
 * @throws {FleetError} CREDENTIAL_MISSING
 */
export async function openServerSecrets(
  { store, dataDir, environment }: Parts,
  { name, formerly }: Pick<ServerSpec, "name" | "formerly">,
  refs: ServerSecrets,
): Promise<ServerSecrets> {
  const rows = new Map((await store.serverSecrets(secretValues(refs))).map((row) => [row.ref, row]));
  const fleetKey = await readKey(await stateKeyFile(dataDir, environment));
  const keys = rows.size === 0 ? [] : await new KeyRing(dataDir, environment).read();
  return mapped(refs, (ref, field) => {
    const row = rows.get(ref);
    if (row === undefined || ![name, ...formerly].includes(row.server) || row.field !== field)
      throw missing(name, field, "is erased, as it is once the machine is there or its change is closed");
    const value = opened(row, keys);
    if (value === undefined || referenceOf(fleetKey, row.server, field, value) !== ref)
      throw missing(name, field, "cannot be opened: its key is not here any more, or it was changed in the database");
    return value;
  });
}

function opened(row: SealedServerSecret, keys: Awaited<ReturnType<KeyRing["read"]>>): string | undefined {
  try {
    return unseal({ ...row, ...placeOf(row), at: "" }, keys);
  } catch {
    return undefined;
  }
}

function missing(server: string, field: string, why: string): FleetError {
  const message = `what was sealed as secrets.${field} of ${server} ${why}: take it out of the server's file, or ask for the server anew with the value`;
  return new FleetError("CREDENTIAL_MISSING", message, { server, field });
}

const placeOf = ({ ref, server, field }: Pick<SealedServerSecret, "ref" | "server" | "field">): SealedFor => ({
  account: `server ${server}`,
  field: `secrets.${field}`,
  endpoint: ref,
});

/** 160 bits: who reads the file learns nothing of the value, not even where another server has the same. */
function referenceOf(fleetKey: string, server: string, field: string, value: string): string {
  const text = JSON.stringify(["server secret", server, field, value]);
  return `s-${createHmac("sha256", fleetKey).update(text).digest("hex").slice(0, 40)}`;
}

/** The same shape with each text replaced; `field` is its path. */
function mapped(secrets: ServerSecrets, replaced: (text: string, field: string) => string): ServerSecrets {
  const { rootPassword, stackscriptData } = secrets;
  return {
    ...(rootPassword !== undefined && { rootPassword: replaced(rootPassword, "rootPassword") }),
    ...(stackscriptData && {
      stackscriptData: Object.fromEntries(
        Object.entries(stackscriptData).map(([name, text]) => [name, replaced(text, `stackscriptData.${name}`)]),
      ),
    }),
  };
}
