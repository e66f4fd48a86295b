import type { Overrides } from "../reconcile/guards.ts";

/** What somebody asks for in a comment. */
export type Command =
  | { verb: "preview"; head?: string }
  | { verb: "approve"; hash: string; overrides?: Overrides }
  | { verb: "execute" }
  /** Begins as a command does. */
  | { verb: "unknown"; text: string };

/** Commands are lines of their own; of quoted text and of code nothing is one. */
const LINE = /^fleetwright[ \t]+(\S.*)$/;
const HASH = /^[0-9a-f]{16,128}$/;
const COMMIT = /^[0-9a-f]{40,64}$/;

/** The first command of a comment; undefined where there is none. */
export function commandOf(body: string): Command | undefined {
  let isCode = false;
  for (const line of body.split(/\r?\n/)) {
    if (/^\s*(```|~~~)/.test(line)) isCode = !isCode;
    const text = isCode ? undefined : LINE.exec(line.trimEnd())?.[1];
    if (text !== undefined) return parsed(text);
  }
  return undefined;
}

function parsed(text: string): Command {
  const [verb, word, ...more] = text.split(/[ \t]+/);
  if (more.length === 0) {
    if (verb === "preview" && word === undefined) return { verb };
    if (verb === "preview" && COMMIT.test(word!)) return { verb, head: word! };
    if (verb === "approve" && HASH.test(word ?? "")) return { verb, hash: word! };
    if (verb === "execute" && word === undefined) return { verb };
  }
  if (verb === "approve" && HASH.test(word ?? "") && more.length > 0) {
    const overrides = overridesOf(more);
    if (overrides !== undefined) return { verb, hash: word!, overrides };
  }
  return { verb: "unknown", text: text.slice(0, 100) };
}

const NAME = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/;
const COUNT = /^[1-9][0-9]{0,5}$/;

/** The command line's options, each a word: `allow-replace=web-1`, `allow-delete=3`. Undefined where one is none of them: nothing is lifted by guess. */
function overridesOf(words: readonly string[]): Overrides | undefined {
  const overrides: Overrides = { allowReplace: [] };
  const allowEnded: string[] = [];
  const allowSpending: string[] = [];
  for (const word of words) {
    const [option, value = ""] = word.split("=", 2);
    if (word === "outside-window") overrides.outsideWindow = true;
    else if (option === "allow-replace" && NAME.test(value)) overrides.allowReplace.push(value);
    else if (option === "allow-ended" && NAME.test(value)) allowEnded.push(value);
    else if (option === "allow-spending" && NAME.test(value)) allowSpending.push(value);
    else if (option === "allow-delete" && COUNT.test(value)) overrides.allowRemovals = Number(value);
    else return undefined;
  }
  return {
    ...overrides,
    ...(allowEnded.length > 0 && { allowEnded }),
    ...(allowSpending.length > 0 && { allowSpending }),
  };
}

/** The words by which a comment says that what is refused is meant, for the options of the command line that would lift it. */
export const liftWords = (options: readonly string[]): string =>
  options.map((option) => option.replace(/^--/, "").replace(" ", "=")).join(" ");
