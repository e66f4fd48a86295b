import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { FleetError } from "../../resources/errors.ts";
import type { SealedCredential } from "../store/types.ts";
import type { SealKey } from "./keys.ts";

const CIPHER = "aes-256-gcm";
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** What a value is sealed for. It opens for nothing else. */
export type SealedFor = Pick<SealedCredential, "account" | "field" | "endpoint">;

/** AES-256-GCM with a fresh random nonce; what it is for is authenticated with it. */
export function seal(
  value: string,
  place: SealedFor,
  key: SealKey,
): Pick<SealedCredential, "key" | "nonce" | "sealed"> {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key.bytes, nonce, { authTagLength: TAG_BYTES }).setAAD(bound(place));
  const sealed = Buffer.concat([cipher.update(value, "utf8"), cipher.final(), cipher.getAuthTag()]);
  return { key: key.id, nonce: nonce.toString("base64url"), sealed: sealed.toString("base64url") };
}

/** @throws {FleetError} CREDENTIAL_MISSING when the key is not known here, or the row is not as it was sealed, or is for something else. */
export function unseal(credential: SealedCredential, keys: readonly SealKey[]): string {
  const { account, field, endpoint } = credential;
  const at = { account, field, endpoint, key: credential.key };
  const key = keys.find(({ id }) => id === credential.key);
  const again = `\`fleetwright credentials set ${account} ${field}\` seals it anew`;
  if (key === undefined)
    throw new FleetError(
      "CREDENTIAL_MISSING",
      `credentials.${field} of ${account} is sealed with the key ${credential.key}, which is not here: give this machine that key (seal.key in the data folder, or FLEETWRIGHT_SEAL_KEY), or ${again}`,
      at,
    );
  try {
    const sealed = Buffer.from(credential.sealed, "base64url");
    const nonce = Buffer.from(credential.nonce, "base64url");
    const end = sealed.length - TAG_BYTES;
    const decipher = createDecipheriv(CIPHER, key.bytes, nonce, { authTagLength: TAG_BYTES })
      .setAAD(bound(credential))
      .setAuthTag(sealed.subarray(end));
    return Buffer.concat([decipher.update(sealed.subarray(0, end)), decipher.final()]).toString("utf8");
  } catch {
    throw new FleetError(
      "CREDENTIAL_MISSING",
      `credentials.${field} of ${account} for ${endpoint} was changed in the database after it was sealed, or moved there from another account, field or address: it is not used; ${again}`,
      at,
    );
  }
}

const bound = ({ account, field, endpoint }: SealedFor): Buffer =>
  Buffer.from(JSON.stringify(["fleetwright credential", 1, account, field, endpoint]));
