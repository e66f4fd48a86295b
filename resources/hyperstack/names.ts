import { createHash } from "node:crypto";
import { isMark, markIn, markWithin } from "../mark.ts";
import type { ServerProblem } from "../problems.ts";
import { type Labels, plainName, type ServerSpec } from "../spec.ts";
import { createTagCodec } from "../tags.ts";
import { serverOptions } from "./schemas.ts";

/** Of a machine, a key pair and a firewall alike. */
export const NAME_LENGTH = 50;

/** Blanks part labels where several stand in one text, so none is plain. */
const codec = createTagCodec(/[a-z0-9._:/@-]/);

/** Labels as `observe` reports them once the server is as desired. */
export function tagsOf(server: ServerSpec, mark: string): string[] {
  return [...codec.tagsOf(server.labels), mark].sort();
}

export const labelsOf = (tags: readonly string[]): Labels | undefined => codec.labelsOf(tags);

export const markOf = (labels: readonly string[]): string | undefined => markIn(labels);

/** Labels with this mark, and without any other. */
export function remarked(labels: readonly string[], mark: string): string[] {
  return [...new Set([...labels.filter((label) => !isMark(label)), mark])].sort();
}

/** Key pairs have nothing but a name, so the mark ends it. */
export function keyPairName(name: string, mark: string): string {
  return `${plainName(name).slice(0, NAME_LENGTH - mark.length - 1)}-${mark}`;
}

export const markInName = (name: string): string | undefined => markWithin(name);

/** One name in two regions makes two firewalls, whose names should tell them apart. */
export function firewallName(name: string): string {
  const whole = name.replace("@", "-");
  if (whole.length <= NAME_LENGTH) return whole;
  const hash = createHash("sha256").update(whole).digest("hex").slice(0, 8);
  return `${whole.slice(0, NAME_LENGTH - 9)}-${hash}`;
}

/** The description of a firewall carries its mark. */
export const describe = (mark: string): string => `fleetwright: ${mark}`;

const DESCRIBED = /^fleetwright: *(\S+) *$/m;

export function markInDescription(description: string | null | undefined): string | undefined {
  const found = DESCRIBED.exec(description ?? "")?.[1];
  return found === undefined ? undefined : markWithin(found);
}

/** What Hyperstack cannot take, by path in the server's file. */
export function problems(server: ServerSpec): ServerProblem[] {
  const found: ServerProblem[] = [];
  const { hostname, createOnly, firewalls } = server;
  const { environment, keyName } = serverOptions(server.options);
  if (hostname.length > NAME_LENGTH) {
    found.push({ path: "hostname", message: `has ${hostname.length} characters; Hyperstack takes ${NAME_LENGTH}` });
  }
  if (createOnly.keys.length === 0 && keyName === undefined) {
    found.push({ path: "keys", message: "a machine on Hyperstack needs a key, here or as provider.keyName" });
  }
  const others = createOnly.keys.length - (keyName === undefined ? 1 : 0);
  if (others > 0 && createOnly.userData !== undefined) {
    const message = "Hyperstack takes one key; further ones go through user data, which this server has already";
    found.push({ path: keyName === undefined ? "keys.1" : "keys.0", message });
  }
  if (environment !== undefined && keyName === undefined) {
    const message = "key pairs live in one environment: name one of this environment in provider.keyName";
    found.push({ path: "provider.environment", message });
  }
  if (environment !== undefined && firewalls.length > 0) {
    const message = "firewalls live in one environment, and are made in the account's";
    found.push({ path: "firewalls", message });
  }
  return found;
}
