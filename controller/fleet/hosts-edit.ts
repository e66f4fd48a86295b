import type { AggregateFields } from "../../schemas/types.ts";
import { removeField } from "./edit.ts";
import { parseFleetFile } from "./file.ts";
import type { FieldPath } from "./problem.ts";

/** The text of an aggregate's file without a host, wherever in it that stands; the same text where it does not. Pure. */
export function withoutHost(text: string, host: string): string {
  const fields = parseFleetFile(text).fields as AggregateFields | undefined;
  if (fields === undefined) return text;
  const parts: { path: FieldPath; hosts: readonly string[]; takenFrom: Readonly<Record<string, string>> }[] = [
    { path: [], hosts: fields.hosts, takenFrom: fields.takenFrom },
    ...fields.variants.map(({ hosts, takenFrom }, index) => ({ path: ["variants", index], hosts, takenFrom })),
  ];
  let edited = text;
  for (const { path, hosts, takenFrom } of parts) {
    const at = hosts.indexOf(host);
    if (at >= 0) edited = removeField(edited, [...path, "hosts", at]);
    if (Object.hasOwn(takenFrom, host)) edited = removeField(edited, [...path, "takenFrom", host]);
  }
  return edited;
}
