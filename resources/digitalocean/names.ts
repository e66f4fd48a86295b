import { createHash } from "node:crypto";
import type { ServerProblem } from "../problems.ts";
import type { Labels, ServerSpec } from "../spec.ts";
import { createTagCodec } from "../tags.ts";

/** Tags may hold letters, digits, `:`, `-` and `_`, up to 255. */
export const TAG_LENGTH = 255;
const codec = createTagCodec(/[a-z0-9:_-]/);

/** No label makes a tag without a colon, so this is never mistaken for one. */
const FIREWALL = "fleetwright-firewall-";

/** The tag by which a firewall finds its droplets. */
export function firewallTag(name: string): string {
  return `${FIREWALL}${name}`;
}

/** Tags as `observe` reports them once the server is as desired. */
export function tagsOf(server: ServerSpec, mark: string): string[] {
  return [...codec.tagsOf(server.labels), ...server.firewalls.map(firewallTag), mark].sort();
}

export function labelsOf(tags: readonly string[]): Labels | undefined {
  return codec.labelsOf(tags.filter((tag) => !tag.startsWith(FIREWALL)));
}

/** Keys and firewalls have no tags of their own, so the mark ends the name. */
export function keyName(name: string, mark: string): string {
  return `${name} ${mark}`;
}

export function firewallName(name: string, mark: string): string {
  return `${name}-${mark}`;
}

/** The MD5 fingerprint by which DigitalOcean knows a public key: `3b:16:e4:…`. */
export function fingerprint(publicKey: string): string {
  const blob = Buffer.from(publicKey.trim().split(/\s+/)[1] ?? "", "base64");
  return createHash("md5")
    .update(blob)
    .digest("hex")
    .replace(/(..)(?=.)/g, "$1:");
}

/** What DigitalOcean cannot take, by path in the server's file. */
export function problems(server: ServerSpec): ServerProblem[] {
  return Object.entries(server.labels).flatMap(([key, value]) => {
    const { length } = codec.tagOf(key, value);
    const message = `makes a tag of ${length} characters; DigitalOcean takes ${TAG_LENGTH}`;
    return length > TAG_LENGTH ? [{ path: `labels.${key}`, message }] : [];
  });
}
