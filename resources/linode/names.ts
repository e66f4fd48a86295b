import { createHash } from "node:crypto";
import type { ServerProblem } from "../problems.ts";
import type { ServerSpec } from "../spec.ts";
import { createTagCodec } from "../tags.ts";
import type { LinodeOptions } from "./schemas.ts";

/** Tags have 3 to 50 characters. Commas part tags in Linode's own tools, and blanks at the ends are lost, so neither is plain. */
export const TAG_LENGTH = { min: 3, max: 50 };
export const tags = createTagCodec(/[a-z0-9._:/@-]/);

/** Tags as `observe` reports them once the server is as desired. */
export function tagsOf(server: ServerSpec, mark: string): string[] {
  return [...tags.tagsOf(server.labels), mark].sort();
}

const INSTANCE_LABEL = /^[a-zA-Z]((?!--|__|\.\.)[a-zA-Z0-9_.-])+$/;

/**
 * The label of a Linode: the hostname, where Linode takes it. It wants 3 to 50 characters, a letter first, no `--` and no `..`; other hostnames are
 * bent to that and told apart by a hash. Labels are unique within an account, so hostnames on one account have to be.
 */
export function instanceLabel(hostname: string): string {
  return isInstanceLabel(hostname) ? hostname : bent(hostname, 50);
}

export const isInstanceLabel = (text: string): boolean =>
  INSTANCE_LABEL.test(text) && text.length >= 3 && text.length <= 50;

/** The label of a server's machine. */
export function labelOf({ hostname, name, options }: ServerSpec): string {
  const { label, labelFrom } = options as LinodeOptions;
  return label ?? instanceLabel(labelFrom === "name" ? name : hostname);
}

/** Firewalls: 3 to 32 characters, otherwise the same. */
export function firewallLabel(name: string): string {
  if (INSTANCE_LABEL.test(name) && name.length >= 3 && name.length <= 32) return name;
  return bent(name, 32);
}

/** Keys: up to 64 characters of any kind. They have no tags, so the mark ends the label. */
export function keyLabel(name: string, mark: string): string {
  return `${name.slice(0, 64 - mark.length - 1)} ${mark}`;
}

function bent(text: string, length: number): string {
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  const letters = text.replace(/([-_.])[-_.]+/g, "$1").replace(/^[^a-zA-Z]+/, "");
  const kept = letters.slice(0, length - 9).replace(/[-_.]+$/, "");
  return `${kept || "linode"}-${hash}`;
}

/** What Linode cannot take, by path in the server's file. */
export function problems(server: ServerSpec): ServerProblem[] {
  return [...labelProblems(server), ...firewallCount(server)];
}

function firewallCount({ firewalls }: ServerSpec): { path: string; message: string }[] {
  if (firewalls.length < 2) return [];
  return [{ path: "firewalls.1", message: "is one too many: a Linode is behind one firewall" }];
}

function labelProblems(server: ServerSpec): { path: string; message: string }[] {
  return Object.entries(server.labels).flatMap(([key, value]) => {
    const tag = tags.tagOf(key, value);
    if (tag.length >= TAG_LENGTH.min && tag.length <= TAG_LENGTH.max) return [];
    const message = `makes the Linode tag "${tag}" of ${tag.length} characters; Linode takes ${TAG_LENGTH.min} to ${TAG_LENGTH.max}`;
    return [{ path: `labels.${key}`, message }];
  });
}
