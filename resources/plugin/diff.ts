import { type ChangeKind, type Diff, type PropertyMap, type PropertyValue, UNKNOWN } from "./handler.ts";
import { child, formatPath, isMap, type Path, parsePath, startsWith, valueAt } from "./paths.ts";

/**
 * What differs between two sets of inputs, by the path of the deepest differing value (`networks[0].bridge`). Null and absent are the same;
 * an unknown differs from everything. A change at, below or around a path of `replaceOn` (`*` for any index) makes a new resource.
 */
export function diffInputs(old: PropertyMap, news: PropertyMap, options: { replaceOn?: readonly string[] } = {}): Diff {
  const patterns = (options.replaceOn ?? []).map(parsePath);
  const changes: Diff["changes"] = {};
  compare(old, news, [], (path, kind, before, after) => {
    const replace = patterns.some((pattern) => concerns(pattern, path, before, after));
    changes[formatPath(path)] = replace ? { kind, replace } : { kind };
  });
  return { changes };
}

type Report = (
  path: Path,
  kind: ChangeKind,
  before: PropertyValue | undefined,
  after: PropertyValue | undefined,
) => void;

function compare(
  before: PropertyValue | undefined,
  after: PropertyValue | undefined,
  path: Path,
  report: Report,
): void {
  if (isAbsent(before) && isAbsent(after)) return;
  if (isAbsent(before)) report(path, "add", before, after);
  else if (isAbsent(after)) report(path, "delete", before, after);
  else if (Array.isArray(before) && Array.isArray(after)) {
    for (let i = 0; i < Math.max(before.length, after.length); i++) {
      compare(before[i], after[i], [...path, i], report);
    }
  } else if (isMap(before) && isMap(after)) {
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)])) {
      compare(child(before, name), child(after, name), [...path, name], report);
    }
  } else if (after === UNKNOWN || before !== after) report(path, "update", before, after);
}

function isAbsent(value: PropertyValue | undefined): value is null | undefined {
  return value === null || value === undefined;
}

/** A change concerns a pattern above or at its path, and one below it whose value differs. */
function concerns(
  pattern: Path,
  path: Path,
  before: PropertyValue | undefined,
  after: PropertyValue | undefined,
): boolean {
  if (startsWith(path, pattern)) return true;
  if (!startsWith(pattern, path)) return false;
  const rest = pattern.slice(path.length);
  if (rest.includes("*") || after === UNKNOWN) return true;
  let differs = false;
  compare(valueAt(before, rest), valueAt(after, rest), [], () => {
    differs = true;
  });
  return differs;
}

/** The new inputs with every path of `ignore` (`*` for any step) as it was in the old ones. */
export function ignoreChanges(old: PropertyMap, news: PropertyMap, ignore: readonly string[]): PropertyMap {
  const result = structuredCloneOf(news) as PropertyMap;
  for (const text of ignore) reset(old, result, parsePath(text));
  return result;
}

/** A plan without what is ignored, also where state has another value than the inputs: an adopted machine may have been made otherwise. */
export function withoutIgnored(diff: Diff, ignore: readonly string[]): Diff {
  const patterns = ignore.map(parsePath);
  const isIgnored = (path: string) => patterns.some((pattern) => startsWith(parsePath(path), pattern));
  return { ...diff, changes: Object.fromEntries(Object.entries(diff.changes).filter(([path]) => !isIgnored(path))) };
}

/** `structuredClone` refuses symbols, and UNKNOWN is one. */
function structuredCloneOf(value: PropertyValue): PropertyValue {
  if (Array.isArray(value)) return value.map(structuredCloneOf);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, structuredCloneOf(item)]));
}

function reset(old: PropertyValue | undefined, into: PropertyValue | undefined, path: Path): void {
  const [step, ...rest] = path;
  if (step === undefined || typeof into !== "object" || into === null) return;
  const steps = step === "*" ? allSteps(old, into) : [step];
  for (const one of steps) {
    if (rest.length > 0) reset(child(old, one), child(into, one), rest);
    else restore(child(old, one), into, one);
  }
}

function allSteps(old: PropertyValue | undefined, into: PropertyValue): (string | number)[] {
  if (Array.isArray(into)) return [...into.keys(), ...(Array.isArray(old) ? [...old.keys()].slice(into.length) : [])];
  return [...new Set([...Object.keys(into as PropertyMap), ...(isMap(old) ? Object.keys(old) : [])])];
}

function restore(before: PropertyValue | undefined, into: PropertyValue[] | PropertyMap, step: string | number): void {
  if (Array.isArray(into)) {
    if (typeof step === "number" && before !== undefined && step <= into.length) into[step] = before;
  } else if (before === undefined) delete into[step];
  else into[step] = before;
}
