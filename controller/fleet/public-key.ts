import { createHash } from "node:crypto";

const NAME_DIGITS = 16;

/** What tells one public key from another, in base64: it has its type within it, and no comment. */
export const keyBlob = (publicKey: string): string => publicKey.trim().split(/\s+/)[1] ?? "";

/** What a key is called that nobody has given a name: by its fingerprint, so that it is the same file whoever brings it. */
export function keyName(publicKey: string): string {
  const hash = createHash("sha256")
    .update(Buffer.from(keyBlob(publicKey), "base64"))
    .digest("hex");
  return `key-${hash.slice(0, NAME_DIGITS)}`;
}
