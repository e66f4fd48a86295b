import { KIND_NAMES, KINDS, type Kind } from "../../schemas/index.ts";
import type { AnyFields } from "../../schemas/types.ts";
import { parseText } from "./parse.ts";
import { Positions } from "./positions.ts";
import { type Fault, type FieldPath, findNearest, formatPath } from "./problem.ts";
import { type FieldFault, validateFields } from "./validate.ts";

/** One file of the fleet repository at a commit. */
export interface FleetFile {
  /** From the top of the fleet repository, with `/`. */
  path: string;
  /** Git's id of the content: files with the same one have the same text. */
  blob: string;
  text: string;
  /** Why there is no text: the entry is no plain file, is too large, or is not UTF-8. */
  unreadable?: string;
}

/** What one text holds, wherever it lies: parsed once per blob. */
export interface ParsedFile {
  readonly text: string;
  /** Undefined when the text does not even say it. */
  readonly kind?: Kind;
  /** The name it gives, also when something else in it is wrong. A guess where the text is no YAML. */
  readonly name?: string;
  /** Present when nothing is wrong; defaults are filled in. */
  readonly fields?: AnyFields;
  readonly faults: readonly Fault[];
  /** The parse with positions, once something needed it. */
  positions?: Positions;
}

/** Parses one text and checks it against the schema of its kind. */
export function parseFleetFile(text: string): ParsedFile {
  const { value, faults } = parseText(text);
  if (value === undefined) return { text, faults, ...guess(text) };
  const { kind } = value;
  if (!isKind(kind)) {
    const parsed: ParsedFile = { text, faults: [], ...guess(text) };
    return { ...parsed, faults: [faultAt(parsed, kindFault(kind))] };
  }
  const name = kind === "Fleet" ? "" : value.name;
  const parsed = { text, kind, ...(typeof name === "string" ? { name } : {}) };
  const found = validateFields(kind, value);
  if (found.length === 0) return { ...parsed, fields: value as unknown as AnyFields, faults: [] };
  const place: ParsedFile = { ...parsed, faults: [] };
  return { ...parsed, faults: found.map((fault) => faultAt(place, fault)) };
}

/** Gives a fault in a file its line and column. */
export function faultAt(parsed: ParsedFile, { path, at, message, allowed, nearest }: FieldFault): Fault {
  parsed.positions ??= new Positions(parsed.text);
  const { line, column } = parsed.positions.at(path, at);
  return {
    line,
    column,
    path: formatPath(path),
    message,
    ...(allowed && { allowed }),
    ...(nearest !== undefined && { nearest }),
  };
}

/** A fault at a field's value: `word` is what stood there and `allowed` what could, for the nearest match. */
export function fieldFault(
  path: FieldPath,
  message: string,
  choice?: { word: string; allowed: Iterable<string> },
): FieldFault {
  if (choice === undefined) return { path, at: "value", message };
  const allowed = [...choice.allowed];
  const nearest = findNearest(choice.word, allowed);
  return { path, at: "value", message, allowed, ...(nearest !== undefined && { nearest }) };
}

/** The kind whose files lie at this path; undefined for a path that holds no fleet files. */
export function kindOfPath(path: string): Kind | undefined {
  return KIND_NAMES.find((kind) => {
    const { place } = KINDS[kind];
    return place.endsWith("/") ? path.startsWith(place) : path === place;
  });
}

function isKind(kind: unknown): kind is Kind {
  return typeof kind === "string" && Object.hasOwn(KINDS, kind);
}

function kindFault(kind: unknown): FieldFault {
  if (kind === undefined) return { path: ["kind"], at: "value", message: "is missing", allowed: KIND_NAMES };
  if (typeof kind !== "string") return { path: ["kind"], at: "value", message: "must be text", allowed: KIND_NAMES };
  return fieldFault(["kind"], `"${kind.slice(0, 80)}" is no kind of fleet file`, { word: kind, allowed: KIND_NAMES });
}

// Good enough to spare every server of an account that has a broken file the news that its account is unknown.
function guess(text: string): { kind?: Kind; name?: string } {
  const kind = /^kind:[ \t]*["']?(\w+)/m.exec(text)?.[1];
  const name = /^name:[ \t]*["']?([a-z0-9-]+)/m.exec(text)?.[1];
  return { ...(isKind(kind) && { kind }), ...(name !== undefined && { name }) };
}
