import { pluginError } from "../wire.ts";

/** A date of the API as the state has it. @throws {StatusError} on a date that the plugin cannot read: one with a zone or a fraction. */
export function zoned(date: string | undefined): string {
  if (date === undefined) return "";
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(date))
    throw pluginError(`parsing time "${date}": not of the form 2006-01-02T15:04:05`);
  return `${date}Z`;
}
