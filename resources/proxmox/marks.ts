import { isMark, markIn, markWithin } from "../mark.ts";
import type { Labels, ServerSpec } from "../spec.ts";
import { createTagCodec } from "../tags.ts";

/**
 * Tags of Proxmox VE begin with a letter, a digit or `_` and go on with these and `-`, `+`, `.`; it writes them in lower case. A label `key: value`
 * becomes `key+value`, and what a tag does not keep is written as `_xx_`. The first `+` is therefore always the one between the two.
 */
const codec = createTagCodec(/[a-z0-9_.-]/);
const SEPARATOR = "+";

/** Tags of a server as it should be, with its mark, in the order in which Proxmox VE keeps them. */
export function tagsOf(server: ServerSpec, mark: string): string[] {
  const labels = codec.tagsOf(server.labels).map((tag) => tag.replace(":", SEPARATOR));
  return [...labels, mark].sort();
}

/** Undefined when a tag is no label, or a key comes twice. */
export function labelsOf(tags: readonly string[]): Labels | undefined {
  return codec.labelsOf(tags.map((tag) => tag.replace(SEPARATOR, ":")));
}

/** The list that Proxmox VE keeps in one text. */
export function splitTags(tags: string | undefined): string[] {
  return (tags ?? "")
    .split(/[;,\s]+/)
    .filter((tag) => tag !== "")
    .map((tag) => tag.toLowerCase())
    .sort();
}

export function markOf(tags: readonly string[]): string | undefined {
  return markIn(tags);
}

/** The line of a description that carries the mark from the first request on; tags cannot be given with a clone. */
export function describe(mark: string): string {
  return `fleetwright: ${mark}`;
}

const LINE = /^fleetwright: *(\S+) *$/m;

export function markInDescription(description: string | undefined): string | undefined {
  const text = LINE.exec(description ?? "")?.[1];
  return text === undefined ? undefined : markWithin(text);
}

/** The description with this mark, in place of the one it may have had. */
export function withMark(description: string | undefined, mark: string): string {
  const text = description ?? "";
  if (LINE.test(text)) return text.replace(LINE, describe(mark));
  return text.trim() === "" ? describe(mark) : `${text.trimEnd()}\n\n${describe(mark)}`;
}

/** Tags with this mark, and without any other. */
export function retagged(tags: readonly string[], mark: string): string[] {
  return [...new Set([...tags.filter((tag) => !isMark(tag)), mark])].sort();
}
