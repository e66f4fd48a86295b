import { createHmac, timingSafeEqual } from "node:crypto";

/**
 * Whether a body was signed with the secret, as git hosts send it: `sha256=` and the HMAC SHA-256 in hex. How long the answer takes tells nothing
 * about the right one.
 */
export function isSigned(body: Uint8Array, header: string | undefined, secret: string): boolean {
  const given = /^sha256=([0-9a-f]{64})$/i.exec(header ?? "")?.[1];
  if (given === undefined) return false;
  return timingSafeEqual(Buffer.from(given, "hex"), createHmac("sha256", secret).update(body).digest());
}
