/** What somebody asks for in a comment. */
export type Command =
  | { verb: "preview"; head?: string }
  | { verb: "approve"; hash: string }
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
  return { verb: "unknown", text: text.slice(0, 100) };
}
