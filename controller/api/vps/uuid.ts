import { createHash } from "node:crypto";

/** Of URLs. @see https://www.rfc-editor.org/rfc/rfc9562#section-6.6 */
const URLS = "6ba7b811-9dad-11d1-80b4-00c04fd430c8";

/** A UUID of version 5: the same for the same name in the same space. @param space a UUID */
export function uuidOf(space: string, name: string): string {
  const bytes = createHash("sha1")
    .update(Buffer.from(space.replaceAll("-", ""), "hex"))
    .update(name)
    .digest()
    .subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x50;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/** The id of an object of a fleet, which it keeps whatever becomes of its file. @param identity the first name that it had */
export const objectUuid = (fleetId: string, kind: string, identity: string): string =>
  uuidOf(uuidOf(URLS, `urn:fleetwright:${fleetId}`), `${kind}/${identity}`);
