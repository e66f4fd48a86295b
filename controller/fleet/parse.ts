import { load, YAMLException } from "js-yaml";
import { Positions } from "./positions.ts";
import type { Fault } from "./problem.ts";

// A file holds one object, which needs few aliases; nested ones multiply, and 20 of them cannot make more than some hundred nodes.
const MAX_ALIASES = 20;
const MAX_DEPTH = 50;

export type ParsedText =
  | { value: Record<string, unknown>; faults?: undefined }
  | { value?: undefined; faults: Fault[] };

/** The mapping that one text of YAML holds, or everything that is wrong with it. Fast where nothing is. */
export function parseText(text: string): ParsedText {
  let value: unknown;
  try {
    value = load(text, { maxAliases: MAX_ALIASES, maxDepth: MAX_DEPTH });
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    return { faults: explain(text, error) };
  }
  if (value !== null && typeof value === "object" && !Array.isArray(value))
    return { value: value as Record<string, unknown> };
  const found = Array.isArray(value) ? "a list" : value === null ? "nothing" : "a single value";
  return {
    faults: [
      { line: 1, column: 1, path: "", message: `must hold a mapping with \`kind\` and \`name\`, but holds ${found}` },
    ],
  };
}

function explain(text: string, error: YAMLException): Fault[] {
  if (text.split("\n").every((line) => /^\uFEFF?\s*(#.*)?$/.test(line))) {
    return [{ line: 1, column: 1, path: "", message: "is empty; remove the file, or write the object that it is for" }];
  }
  const positions = new Positions(text);
  const faults = positions.document.errors.map(({ message, pos, code }) => ({
    ...positions.atOffset(pos[0]),
    path: "",
    message: readable(text, pos[0], code, message),
  }));
  return faults.length > 0 ? faults : [fromFastParser(error)];
}

function readable(text: string, offset: number, code: string, message: string): string {
  if (code === "MULTIPLE_DOCS") return "holds more than one document; write one object a file";
  if (code === "DUPLICATE_KEY") return duplicateKey(text.slice(offset));
  const start = text.lastIndexOf("\n", offset - 1) + 1;
  // Both parsers say only what they expected in the place of the tab.
  if (/^ *\t/.test(text.slice(start, start + 200))) return "is indented with a tab; YAML takes spaces only";
  return `is not valid YAML: ${message}`;
}

function duplicateKey(rest: string): string {
  const key = /^[^:\s]+/.exec(rest)?.[0] ?? "";
  return `${key} is given twice`;
}

// What only the fast parser refuses: too many aliases, too deep, tags of other languages.
function fromFastParser(error: YAMLException): Fault {
  const mark = error.mark as { line: number; column: number } | undefined;
  return {
    line: (mark?.line ?? 0) + 1,
    column: (mark?.column ?? 0) + 1,
    path: "",
    message: `is not valid here: ${error.reason}`,
  };
}
