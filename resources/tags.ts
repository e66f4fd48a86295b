import { isMark } from "./mark.ts";
import type { Labels } from "./spec.ts";

/**
 * Labels of a fleet file as tags `key:value` (or `key` alone), and back. Characters that a cloud's tags do not keep, upper-case letters among them (clouds compare
 * tags without case), are written as `_xx_`, two hexadecimal digits a byte; ordinary labels stay as they are.
 */
export interface TagCodec {
  /** A label without a value is the key alone: a plain tag. */
  tagOf(key: string, value: string | null): string;
  /** Sorted. */
  tagsOf(labels: Readonly<Labels>): string[];
  /** Undefined when the tags are no labels of ours to write: a key is empty or comes twice. Marks are passed over. */
  labelsOf(tags: Iterable<string>): Labels | undefined;
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
  const keyOf = (key: string) => escapeWith(key, (character) => character !== ":" && isPlain(character));
  const tagOf = (key: string, value: string | null) =>
    value === null ? keyOf(key) : `${keyOf(key)}:${escapeWith(value, isPlain)}`;
  return {
    tagOf,
    tagsOf: (labels) =>
      Object.entries(labels)
        .map(([key, value]) => tagOf(key, value))
        .sort(),
    labelsOf: (tags) => {
      const labels: Labels = {};
      for (const tag of tags) {
        if (isMark(tag)) continue;
        const colon = tag.indexOf(":");
        if (colon === 0 || tag === "") return undefined;
        const key = unescaped(colon < 0 ? tag : tag.slice(0, colon));
        if (Object.hasOwn(labels, key)) return undefined;
        labels[key] = colon < 0 ? null : unescaped(tag.slice(colon + 1));
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
