import { randomBytes } from "node:crypto";
import { hash, parseOptions, verify } from "@node-rs/argon2";
import { FleetError } from "../../resources/errors.ts";
import { emailKey } from "./email.ts";

/** What is asked of a password at OWASP. @see https://cheatsheetseries.owasp.org/cheatsheets/Password_Storage_Cheat_Sheet.html */
const ARGON2ID = 2;
const MEMORY_KIB = 19_456;
const PASSES = 2;
const PARALLELISM = 1;
const SALT_BYTES = 16;
const HASH_BYTES = 32;

const SHORTEST = 12;
/** Longer ones only cost time. */
const LONGEST = 512;

/** Does the work, and is what tests count. */
export interface Hasher {
  hash(password: string): Promise<string>;
  verify(hashed: string, password: string): Promise<boolean>;
}

/** argon2id, outside the event loop. */
export const argon2id: Hasher = {
  hash: (password) =>
    hash(password, {
      algorithm: ARGON2ID,
      memoryCost: MEMORY_KIB,
      timeCost: PASSES,
      parallelism: PARALLELISM,
      outputLen: HASH_BYTES,
    }),
  verify,
};

/** A hash of no password, which costs as much to compare with as any. */
const nobody = [
  "",
  "argon2id",
  "v=19",
  `m=${MEMORY_KIB},t=${PASSES},p=${PARALLELISM}`,
  ...[SALT_BYTES, HASH_BYTES].map((bytes) => randomBytes(bytes).toString("base64").replaceAll("=", "")),
].join("$");

/** The hash of a new password. @throws {FleetError} USAGE for one that is too weak. */
export async function hashPassword(password: string, email: string, hasher: Hasher): Promise<string> {
  return await hasher.hash(checkPassword(password, email));
}

/** Answers it as it is hashed. @throws {FleetError} USAGE for one that is too weak. */
export function checkPassword(password: string, email: string): string {
  const text = normal(password);
  const length = [...text].length;
  if (length < SHORTEST || length > LONGEST)
    throw new FleetError("USAGE", `a password has from ${SHORTEST} to ${LONGEST} characters`);
  if (emailKey(text) === emailKey(email)) throw new FleetError("USAGE", "a password is not the mail address");
  if (new Set(text).size < 4) throw new FleetError("USAGE", "a password has more than a few different characters");
  return text;
}

/** Whether it is the password behind a hash; the same work where there is no hash. */
export async function isPassword(hashed: string | undefined, password: string, hasher: Hasher): Promise<boolean> {
  const isRight = await hasher.verify(hashed ?? nobody, password.length > LONGEST * 4 ? "" : normal(password));
  return isRight && hashed !== undefined;
}

/** Whether a hash was made with other parameters than those of today. */
export function isOutdated(hashed: string): boolean {
  const { algorithm, memoryCost, timeCost, parallelism, outputLen } = parseOptions(hashed);
  return (
    (algorithm as number) !== ARGON2ID ||
    memoryCost !== MEMORY_KIB ||
    timeCost !== PASSES ||
    parallelism !== PARALLELISM ||
    outputLen !== HASH_BYTES
  );
}

/** With the parameters of today. Of a password that was right, whatever new ones must be like. */
export const rehash = (password: string, hasher: Hasher): Promise<string> => hasher.hash(normal(password));

/** The same characters, however a keyboard composes them. */
const normal = (password: string): string => password.normalize("NFKC");
