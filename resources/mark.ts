import { createHash } from "node:crypto";

const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";
const MARK = /^fw-[a-z2-7]{20}$/;
const MARK_INSIDE = /(?<![a-z0-9])fw-[a-z2-7]{20}(?![a-z0-9])/;

/**
 * The owner mark of one object: `fw-` and 20 lower-case base32 characters. It is the same for the same fleet, kind, name and generation, and no
 * other object's; a machine that takes another's place has a higher generation, so the two are never mistaken.
 */
export function ownerMark(fleetId: string, kind: string, name: string, generation: number): string {
  const hash = createHash("sha256")
    .update(JSON.stringify([fleetId, kind, name, generation]))
    .digest();
  let bits = 0n;
  for (const byte of hash.subarray(0, 13)) bits = (bits << 8n) | BigInt(byte);
  bits >>= 4n; // 104 bits to the 100 that 20 characters hold
  let text = "";
  for (let position = 19n; position >= 0n; position--) text += ALPHABET[Number((bits >> (position * 5n)) & 31n)];
  return `fw-${text}`;
}

export function isMark(text: string): boolean {
  return MARK.test(text);
}

/** The mark among tags, if one is there; the first in order when a machine was given several. */
export function markIn(tags: Iterable<string>): string | undefined {
  for (const tag of tags) if (isMark(tag)) return tag;
  return undefined;
}

/** The mark inside a longer text such as a label, a name or a description. */
export function markWithin(text: string): string | undefined {
  return MARK_INSIDE.exec(text)?.[0];
}

/** What a host's moves are journaled under: it has no mark, and its name is its natural key. */
export const hostKey = (host: string): string => `host ${host}`;
