import { type Kind, schemaLine } from "../../schemas/index.ts";
import { renderPair } from "./render.ts";

/** The text of a new file: fields as they are given, behind the line by which editors know its schema. */
export function objectFile(kind: Kind, path: string, fields: Readonly<Record<string, unknown>>): string {
  const lines = Object.entries({ kind, ...fields })
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => renderPair(key, value, 0));
  return [schemaLine(kind, path), ...lines, ""].join("\n");
}
