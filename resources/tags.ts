import { isMark } from "./mark.ts";

/**
 * Labels of a fleet file as tags `key:value`, and back. Characters that a cloud's tags do not keep, upper-case letters among them (clouds compare
 * tags without case), are written as `_xx_`, two hexadecimal digits a byte; ordinary labels stay as they are.
 */
export interface TagCodec {
  tagOf(key: string, value: string): string;
  /** Sorted. */
  tagsOf(labels: Readonly<Record<string, string>>): string[];
  /** Undefined when a tag is no label of ours to write: it has no `:`, or a key comes twice. Marks are passed over. */
  labelsOf(tags: Iterable<string>): Record<string, string> | undefined;
  /** The escaping alone. */
  escape(text: string): string;
}

const ESCAPED = /^_([0-9a-f]{2})_/;

/** `plain` matches one character that stands for itself; it must not match upper-case letters, and `:` is always escaped within keys. */
export function createTagCodec(plain: RegExp): TagCodec {
  const escapeWith = (text: string, keeps: (character: string) => boolean): string => {
    let rest = "";
    // From the end, because whether an underscore would be read as an escape depends on what follows it.
    for (const character of [...text].reverse()) {
      const asItIs = keeps(character) && !ESCAPED.test(character + rest);
      rest = (asItIs ? character : hex(character)) + rest;
    }
    return rest;
  };
  const isPlain = (character: string) => plain.test(character);
  const tagOf = (key: string, value: string) =>
    `${escapeWith(key, (character) => character !== ":" && isPlain(character))}:${escapeWith(value, isPlain)}`;
  return {
    tagOf,
    tagsOf: (labels) =>
      Object.entries(labels)
        .map(([key, value]) => tagOf(key, value))
        .sort(),
    labelsOf: (tags) => {
      const labels: Record<string, string> = {};
      for (const tag of tags) {
        if (isMark(tag)) continue;
        const colon = tag.indexOf(":");
        if (colon < 1) return undefined;
        const key = unescaped(tag.slice(0, colon));
        if (Object.hasOwn(labels, key)) return undefined;
        labels[key] = unescaped(tag.slice(colon + 1));
      }
      return labels;
    },
    escape: (text) => escapeWith(text, isPlain),
  };
}

function hex(character: string): string {
  return [...Buffer.from(character)].map((byte) => `_${byte.toString(16).padStart(2, "0")}_`).join("");
}

function unescaped(text: string): string {
  const bytes: Buffer[] = [];
  for (let rest = text; rest.length > 0; ) {
    const escaped = ESCAPED.exec(rest);
    const character = escaped ? rest.slice(0, 4) : String.fromCodePoint(rest.codePointAt(0)!);
    bytes.push(escaped ? Buffer.from(escaped[1]!, "hex") : Buffer.from(character));
    rest = rest.slice(character.length);
  }
  return Buffer.concat(bytes).toString("utf8");
}
