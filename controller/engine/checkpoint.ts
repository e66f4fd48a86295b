import { createHash } from "node:crypto";
import type { StateResource } from "./engine.ts";

/** A stack's state as its file has it. */
export interface Checkpoint {
  resources: StateResource[];
  /** A stack that was only made: no run has written it yet. */
  untouched: boolean;
}

/** The resource that was changed last, and when by the clock of the engine that did it. */
export interface Newest {
  urn: string;
  modified: string;
}

export const checksumOf = (text: string): string => createHash("sha256").update(text).digest("hex");

/** The state in a file's text, or in one clause what is wrong with it. Never takes half a file for an empty stack. */
export function readCheckpoint(text: string, stack: string): Checkpoint | string {
  if (text === "") return "is empty";
  if (/^\0+$/.test(text)) return "holds nothing but zero bytes";
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (error) {
    if (text.includes("\0")) return "holds zero bytes in place of text";
    return `is cut off or garbled (${error instanceof Error ? error.message : error})`;
  }
  const { checkpoint } = (content ?? {}) as { checkpoint?: { stack?: unknown; latest?: unknown } };
  if (typeof checkpoint?.stack !== "string") return "is no state of a stack";
  if (checkpoint.stack.split("/").at(-1) !== stack) return `is the state of another stack, ${checkpoint.stack}`;
  if (checkpoint.latest === undefined || checkpoint.latest === null) return { resources: [], untouched: true };
  const { resources = [] } = checkpoint.latest as { resources?: unknown };
  if (!Array.isArray(resources) || !resources.every(isResource)) return "has no list of resources";
  return { resources, untouched: false };
}

const isResource = (entry: unknown): entry is StateResource =>
  typeof (entry as StateResource | null)?.urn === "string" && typeof (entry as StateResource).type === "string";

/** When the run that wrote this state did so, as an ISO instant; "" when it does not say. */
export function writtenAt(text: string): string {
  const { checkpoint } = JSON.parse(text) as { checkpoint: { latest: { manifest?: { time?: string } } } };
  return checkpoint.latest.manifest?.time ?? "";
}

/** The same state with other resources. */
export function withResources(text: string, resources: StateResource[]): string {
  const content = JSON.parse(text);
  content.checkpoint.latest.resources = resources;
  return JSON.stringify(content);
}

/** The state of a stack that holds nothing, as the engine writes it. */
export const emptyState = (project: string, stack: string): string =>
  JSON.stringify({ version: 0, checkpoint: { stack: `organization/${project}/${stack}` } });

export function newestOf(resources: readonly StateResource[]): Newest | undefined {
  let newest: Newest | undefined;
  for (const { urn, modified } of resources)
    if (modified !== undefined && (newest === undefined || Date.parse(modified) > Date.parse(newest.modified)))
      newest = { urn, modified };
  return newest;
}
