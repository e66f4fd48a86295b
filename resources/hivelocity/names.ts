import type { ServerProblem } from "../problems.ts";
import type { ServerSpec } from "../spec.ts";
import { createTagCodec } from "../tags.ts";
import { serverOptions } from "./schemas.ts";

/** Tags are free texts that the cloud sets no rule for; a length that everybody can read is kept. */
export const TAG_LENGTH = 255;
export const tags = createTagCodec(/[a-z0-9._:/@-]/);

const FQDN = /^(?=.{4,253}$)([a-zA-Z0-9]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?\.)+[a-zA-Z]([a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?$/;

export const isFqdn = (hostname: string): boolean => FQDN.test(hostname);

/** Tags as `observe` reports them once the server is as desired. */
export function tagsOf(server: ServerSpec, mark: string): string[] {
  return [...tags.tagsOf(server.labels), mark].sort();
}

/** Keys have no tags, so the mark ends the name. */
export function keyName(name: string, mark: string): string {
  return `${name} ${mark}`;
}

/** What Hivelocity cannot take, by path in the server's file. */
export function problems(server: ServerSpec): ServerProblem[] {
  const found = Object.entries(server.labels).flatMap(([key, value]) => {
    const { length } = tags.tagOf(key, value);
    return length > TAG_LENGTH ? [{ path: `labels.${key}`, message: `makes a tag of ${length} characters` }] : [];
  });
  if (!isFqdn(server.hostname)) {
    const message = `"${server.hostname}" is no full domain name, and Hivelocity takes no other host names: web-1.example.net`;
    found.push({ path: "hostname", message });
  }
  if (!/^[1-9]\d*$/.test(server.size)) {
    found.push({ path: "size", message: `"${server.size}" is no product of Hivelocity: these are numbers` });
  }
  if (server.createOnly.keys.length + (serverOptions(server.options).sshKeys?.length ?? 0) > 1) {
    const message = "Hivelocity puts one key on a new device; give one here, and the others in `userData`";
    found.push({ path: "keys", message });
  }
  return found;
}
