/**
 * A function that blots out the given values in a text, also where they stand URL-encoded, JSON-escaped or in base64.
 * Values shorter than 4 characters are left: blotting them out would eat ordinary words.
 */
export function redactor(values: Iterable<string>): (text: string) => string {
  const forms = new Set<string>();
  for (const value of values) {
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
