import { isRulePath } from "./rules.ts";
import type { Change } from "./types.ts";

/** Room for the changes of one effect, so that with all else it stays below 2 KB a server. */
const MOST_BYTES = 1_200;
const LONGEST_VALUE = 80;
/** A rule is one line of words, and its addresses come last. */
const LONGEST_RULE = 200;
const LONGEST_PATH = 120;

/** Stands for the changes that are counted only. */
export const MORE = "…";

/** Changes as they are shown: long values are cut and the last ones counted. Only for readers; nothing is hashed or decided from it. */
export function bounded(changes: Change[]): Change[] {
  const shown: Change[] = [];
  let left = MOST_BYTES;
  for (const [index, change] of changes.entries()) {
    const short = shortened(change);
    left -= Buffer.byteLength(JSON.stringify(short)) + 1;
    const others = changes.length - index;
    if (left < 0) return [...shown, { path: MORE, after: `${others} more ${others === 1 ? "field" : "fields"}` }];
    shown.push(short);
  }
  return shown;
}

function shortened({ path, before, after, ...flags }: Change): Change {
  const change: Change = { path: cut(path, LONGEST_PATH), ...flags };
  const length = isRulePath(path) ? LONGEST_RULE : LONGEST_VALUE;
  if (before !== undefined) change.before = shortValue(before, length);
  if (after !== undefined) change.after = shortValue(after, length);
  return change;
}

function shortValue(value: unknown, length: number): unknown {
  const text = typeof value === "string" ? value : JSON.stringify(value);
  return text.length <= length ? value : cut(text, length);
}

/** Notes and reasons, for the same purpose. */
export function boundedTexts(texts: string[]): string[] {
  return texts.slice(0, 4).map((text) => cut(text, 160));
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
