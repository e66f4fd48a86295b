/** Owner marks as the fleet writes them: `fw-` and 20 base32 characters. */
const MARK = /^fw-[a-z2-7]{20}$/;

/** The owner mark among the tags of a machine. */
export function markIn(tags: readonly string[]): string | undefined {
  return tags.map((tag) => tag.toLowerCase()).find((tag) => MARK.test(tag));
}
