const ALPHABET = "abcdefghijklmnopqrstuvwxyz234567";

/** `c-` and 12 characters, of as many bytes. */
export const changeId = (bytes: Uint8Array): string =>
  `c-${[...bytes.subarray(0, 12)].map((byte) => ALPHABET[byte % 32]).join("")}`;
