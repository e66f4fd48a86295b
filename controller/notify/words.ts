import { type DriftCause, GONE } from "../reconcile/causes.ts";
import { isRulePath } from "../reconcile/rules.ts";

/** Names that are told one by one. */
const TOLD = 5;
const LONGEST = 300;

/** A value as one line of text. What stands at a cloud may hold anything. */
export function plain(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "nothing");
  const line = text.replace(/[\p{C}\p{Zl}\p{Zp}]+/gu, " ").trim();
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}

/** `power of 40 servers on do-main is "stopped", and "running" is wanted`. */
export function causeSummary({ account, object, path, names, desired, actual }: DriftCause, isOver: boolean): string {
  const noun = object.toLowerCase();
  const what = names.length === 1 ? `${noun} ${names[0]}` : `${names.length} ${noun}s`;
  const where = `${what} on ${account}`;
  if (path === GONE) return isOver ? `${where}: no longer gone` : `${where}: gone from the cloud`;
  if (isOver) return `${where}: ${path} is as it is wanted again`;
  if (isRulePath(path))
    return actual === undefined
      ? `${where}: a rule is missing: ${plain(desired)}`
      : `${where}: a rule is one too many: ${plain(actual)}`;
  return `${where}: ${path} is ${plain(actual)}, and ${plain(desired)} is wanted`;
}

export function causeLines({ names, since, wanted }: DriftCause): string[] {
  const more = names.length - TOLD;
  const told = names.slice(0, TOLD).join(", ");
  return [
    ...(names.length > 1 ? [more > 0 ? `${told} and ${more} more` : told] : []),
    `since ${since}`,
    ...(wanted ? [`last wanted by ${plain(wanted.name)} in ${wanted.commit.slice(0, 10)}, ${wanted.at}`] : []),
  ];
}
