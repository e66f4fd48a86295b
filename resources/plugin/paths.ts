import type { PropertyMap, PropertyValue } from "./handler.ts";

/** `a.b[0]["c.d"]` as its steps. In patterns the step `*` stands for any name or index. */
export type Path = readonly (string | number)[];

const PLAIN_NAME = /^[A-Za-z_$][\w$-]*$/;
const STEP = /\.?([^.[\]"]+)|\[(\d+|\*)\]|\["((?:[^"\\]|\\.)*)"\]/y;

/** @throws {SyntaxError} when the text is no property path. */
export function parsePath(text: string): Path {
  const steps: (string | number)[] = [];
  STEP.lastIndex = 0;
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text);
    if (!match) throw new SyntaxError(`"${text}" is not a property path`);
    const [, name, index, quoted] = match;
    if (name !== undefined) steps.push(name);
    else if (index !== undefined) steps.push(index === "*" ? "*" : Number(index));
    else steps.push((quoted ?? "").replace(/\\(.)/g, "$1"));
  }
  return steps;
}

/** The engine's way to write a path; what `parsePath` reads. */
export function formatPath(path: Path): string {
  let text = "";
  for (const step of path) {
    if (typeof step === "number") text += `[${step}]`;
    else if (PLAIN_NAME.test(step)) text += text === "" ? step : `.${step}`;
    else text += `["${step.replace(/["\\]/g, "\\$&")}"]`;
  }
  return text;
}

export function isMap(value: PropertyValue | undefined): value is PropertyMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value one step below, `undefined` where there is none. Own properties only. */
export function child(value: PropertyValue | undefined, step: string | number): PropertyValue | undefined {
  if (Array.isArray(value)) return typeof step === "number" ? value[step] : undefined;
  if (isMap(value)) return Object.hasOwn(value, step) ? value[step] : undefined;
  return undefined;
}

export function valueAt(value: PropertyValue | undefined, path: Path): PropertyValue | undefined {
  return path.reduce<PropertyValue | undefined>(child, value);
}

/** Whether `path` is at or below what `pattern` names. */
export function startsWith(path: Path, pattern: Path): boolean {
  return pattern.length <= path.length && pattern.every((step, i) => step === "*" || step === path[i]);
}
