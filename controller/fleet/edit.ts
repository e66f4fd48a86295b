import { isDeepStrictEqual } from "node:util";
import { FleetError } from "../../resources/errors.ts";
import { type ParsedText, parseText } from "./parse.ts";
import { type FieldPath, formatPath } from "./problem.ts";
import { insertItem, place, remove } from "./splices.ts";

/**
 * The text with one field set: `setField(text, ["labels", "tier"], "front")`. Mappings and lists are changed where they differ, missing ones
 * are made. Changes only the lines it means; comments, quotes, order and line breaks stay. The same text when the field has that value.
 * @throws {FleetError} FLEET_INVALID when the text is not valid, or the field cannot be set so (through an alias).
 */
export function setField(text: string, path: FieldPath, value: unknown): string {
  if (value === undefined) return removeField(text, path);
  // A copy has the plain prototype that parsed values have.
  const plain: unknown = structuredClone(value);
  return verified(
    text,
    path,
    plain,
    () => inSection(text, path, plain),
    () => assign(text, path, plain),
  );
}

/** The text without one field or list item; the same text when there is none. A mapping or list that loses its last one stays, empty. */
export function removeField(text: string, path: FieldPath): string {
  return verified(text, path, undefined, () => remove(text, path));
}

// The splices know YAML's common ways. This proves each of them, so that an uncommon one ends in an error and not in a wrong file.
function verified(text: string, path: FieldPath, value: unknown, ...edits: (() => string | undefined)[]): string {
  const before = parsedValue(text);
  const wanted = withValue(before, path, value);
  if (isDeepStrictEqual(before, wanted)) return text;
  for (const edit of edits) {
    const edited = edit();
    if (edited === undefined) continue;
    // A block of text at the very end needs the line break that a file may lack there.
    for (const candidate of [edited, `${edited}${text.includes("\r\n") ? "\r\n" : "\n"}`]) {
      if (isDeepStrictEqual(parsed(candidate).value, wanted)) return candidate;
    }
  }
  throw new FleetError(
    "FLEET_INVALID",
    `cannot edit ${formatPath(path)} in the way this file is written; edit it by hand`,
  );
}

/** The same made in the lines of one top field alone, which take a fraction of the time to read; undefined where they cannot be told or read by themselves. */
function inSection(text: string, path: FieldPath, value: unknown): string | undefined {
  const key = String(path[0]);
  const section = /^[a-z]\w*$/i.test(key)
    ? new RegExp(`^${key}:.*\\n(?:(?:[ \\t]*(?:#.*)?\\r?\\n)*[ \\t]+[^\\s#].*\\n)*`, "m").exec(text)
    : null;
  if (section === null) return undefined;
  const [lines] = section;
  try {
    return text.slice(0, section.index) + assign(lines, path, value) + text.slice(section.index + lines.length);
  } catch (error) {
    // An alias, for one, leads out of it.
    if (error instanceof FleetError) return undefined;
    throw error;
  }
}

/** Texts that were read last: what one edit leaves is what the next begins with. Nobody changes what they hold. */
const recent = new Map<string, ParsedText>();
const MOST_RECENT = 64;

function parsed(text: string): ParsedText {
  const found = recent.get(text) ?? parseText(text);
  recent.delete(text);
  recent.set(text, found);
  if (recent.size > MOST_RECENT) recent.delete(recent.keys().next().value!);
  return found;
}

function parsedValue(text: string): Record<string, unknown> {
  const { value, faults } = parsed(text);
  if (value === undefined) throw new FleetError("FLEET_INVALID", `cannot edit a file that ${faults[0]?.message}`);
  return value;
}

/** A copy with the value at the path; `undefined` removes. */
function withValue(root: unknown, [step, ...rest]: FieldPath, value: unknown): unknown {
  if (step === undefined) return value;
  if (Array.isArray(root)) {
    if (typeof step !== "number" || step > root.length)
      throw new FleetError("FLEET_INVALID", `a list has no place ${step}`);
    const next = withValue(root[step], rest, value);
    if (next === undefined) return root.filter((_, index) => index !== step);
    return [...root.slice(0, step), next, ...root.slice(step + 1)];
  }
  if (root === undefined || root === null) {
    if (value === undefined) return root;
    return typeof step === "number"
      ? [withValue(undefined, rest, value)]
      : { [step]: withValue(undefined, rest, value) };
  }
  if (typeof root !== "object") throw new FleetError("FLEET_INVALID", `there is no place ${step} in a single value`);
  const next = withValue((root as Record<string, unknown>)[step], rest, value);
  if (next !== undefined) return { ...root, [step]: next };
  const { [step]: _, ...others } = root as Record<string, unknown>;
  return others;
}

function assign(text: string, path: FieldPath, value: unknown): string {
  const current = path.reduce<unknown>(
    (node, step) => (node as Record<string, unknown> | undefined | null)?.[step as string],
    parsedValue(text),
  );
  if (isDeepStrictEqual(current, value)) return text;
  if (isFilledMapping(current) && isFilledMapping(value)) {
    const gone = Object.keys(current).filter((key) => value[key] === undefined);
    const set = Object.entries(value).filter(([, field]) => field !== undefined);
    // New fields first: a mapping never becomes empty on the way.
    const filled = set.reduce((edited, [key, field]) => assign(edited, [...path, key], field), text);
    return gone.reduce((edited, key) => remove(edited, [...path, key]), filled);
  }
  if (Array.isArray(current) && Array.isArray(value) && current.length > 0 && value.length > 0)
    return assignList(text, path, current, value);
  return place(text, path, value);
}

/** Leaves the equal items at both ends alone. */
function assignList(text: string, path: FieldPath, current: unknown[], value: unknown[]): string {
  let head = 0;
  while (head < Math.min(current.length, value.length) && isDeepStrictEqual(current[head], value[head])) head += 1;
  let tail = 0;
  const most = Math.min(current.length, value.length) - head;
  while (tail < most && isDeepStrictEqual(current.at(-1 - tail), value.at(-1 - tail))) tail += 1;
  const common = most - tail;
  let edited = text;
  for (let index = head; index < head + common; index += 1) edited = assign(edited, [...path, index], value[index]);
  for (let index = head + common; index < value.length - tail; index += 1)
    edited = insertItem(edited, path, index, value[index]);
  for (let index = current.length - tail - 1; index >= head + common; index -= 1)
    edited = remove(edited, [...path, index]);
  return edited;
}

function isFilledMapping(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value) && Object.keys(value).length > 0;
}
