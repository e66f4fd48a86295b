import type { ServerSecrets } from "./spec.ts";

/** A line of a longer text that is shorter than this is left. */
const LINE_LENGTH = 12;

/**
 * A function that blots out the given values in a text, also where they stand URL-encoded, JSON-escaped or in base64, and single lines of
 * those that have several: an error often repeats only the one it is about. Values shorter than 4 characters are left: blotting them out would
 * eat ordinary words.
 */
export function redactor(values: Iterable<string>): (text: string) => string {
  const forms = new Set<string>();
  for (const value of [...values].flatMap((value) => [value, ...linesOf(value)])) {
    if (value.length < 4) continue;
    forms.add(value);
    forms.add(encodeURIComponent(value));
    forms.add(JSON.stringify(value).slice(1, -1));
    forms.add(Buffer.from(value).toString("base64"));
    forms.add(Buffer.from(value).toString("base64url"));
  }
  // Longest first, so that no form leaves the tail of another one standing.
  const ordered = [...forms].sort((a, b) => b.length - a.length);
  return (text) => ordered.reduce((result, form) => result.replaceAll(form, "[redacted]"), text);
}

function linesOf(value: string): string[] {
  return value.split(/\r?\n/).flatMap((line) => (line.trim().length < LINE_LENGTH ? [] : [line.trim()]));
}

/** The texts alone: values, or references. */
export const secretValues = ({ rootPassword, stackscriptData = {} }: ServerSecrets): string[] => [
  ...(rootPassword === undefined ? [] : [rootPassword]),
  ...Object.values(stackscriptData),
];
