import { isRulePath } from "../reconcile/rules.ts";
import type { Change, Cost } from "../reconcile/types.ts";
import { clipped } from "./text.ts";

/** Nothing a person compares by eye is longer. */
const LONGEST = 160;

/** Fields that stand in the row of a server; the others are told below it. */
const IN_ROW = new Set(["account", "hostname", "size", "resources", "region", "image", "adopt"]);

/** The row of a server that is made or taken over: what it is, where, and of what. */
export function serverRow(changes: Change[]): string[] {
  const value = (path: string) => changes.find((change) => change.path === path)?.after;
  const adopted = value("adopt");
  return [
    text(value("size")) || resources(value("resources")),
    text(value("region")),
    text(value("image")),
    ...(adopted === undefined ? [] : [`adopts ${text(adopted)}`]),
  ];
}

/** Everything else about a server that is made: `keys ops, deploy`, `role=web`, `power stopped`, `ipv6`. */
export function serverDetails(name: string, changes: Change[]): string[] {
  return changes.flatMap(({ path, after, secret }) => {
    if (path === "hostname") return after === name ? [] : [`hostname ${text(after)}`];
    if (IN_ROW.has(path)) return [];
    if (secret) return [`${path} (hidden)`];
    if (path === "power") return after === "running" ? [] : [`power ${text(after)}`];
    if (path === "labels")
      return Object.entries(after as object).map(([key, value]) => (value === null ? key : `${key}=${value}`));
    if (after === true) return [path];
    return [`${path} ${text(after)}`];
  });
}

/** A firewall or a key that is made, in some words. */
export function sharedRow(kind: string, changes: Change[]): string {
  const value = (path: string) => changes.find((change) => change.path === path)?.after;
  if (kind === "SshKey") return keyWords(String(value("publicKey") ?? ""));
  if (kind === "AggregateHost") return [value("aggregate"), value("class")].map(text).filter(Boolean).join(", ");
  if (kind === "Aggregate")
    return [value("class"), value("gpuType"), value("tenant")].map(text).filter(Boolean).join(", ");
  const rules = changes.filter(({ path }) => isRulePath(path) || path === "…");
  return rules.map(({ after }) => String(after)).join("; ");
}

/** `size g6-nanode-1 → g6-standard-2`. */
export function changeWords({ path, before, after, secret, drift }: Change): string {
  const hand = drift ? " (changed by hand)" : "";
  if (secret) return `${path} (hidden)${hand}`;
  if (isRulePath(path)) return `rules: ${before === undefined ? `+ ${after}` : `- ${before}`}${hand}`;
  if (before === undefined && after === undefined) return `${path}${hand}`;
  return `${path} ${before === undefined ? "(none)" : text(before)} → ${after === undefined ? "(none)" : text(after)}${hand}`;
}

/** `6.00 USD`, rounded to cents. */
export function money({ monthlyMicro, currency }: Cost): string {
  return `${(monthlyMicro / 1_000_000).toFixed(2)} ${currency}`;
}

/** A type, a comment, and enough of the key to tell it from another. */
function keyWords(publicKey: string): string {
  const [type = "", key = "", comment = ""] = publicKey.split(" ");
  return [type, `…${key.slice(-8)}`, comment].filter(Boolean).join(" ");
}

function resources(value: unknown): string {
  if (value === undefined) return "";
  const { vcpus, memoryMiB, diskGiB } = value as { vcpus?: number; memoryMiB?: number; diskGiB?: number };
  const parts = [vcpus && `${vcpus} vCPU`, memoryMiB && `${memoryMiB} MiB`, diskGiB && `${diskGiB} GiB disk`];
  return parts.filter(Boolean).join(", ");
}

function text(value: unknown): string {
  return value === undefined ? "" : clipped(words(value), LONGEST);
}

function words(value: unknown): string {
  if (Array.isArray(value) && value.every((item) => typeof item !== "object")) return value.join(", ");
  if (typeof value !== "object" || value === null) return String(value);
  return Object.entries(value)
    .map(([key, item]) => `${key}=${typeof item === "object" ? JSON.stringify(item) : String(item)}`)
    .join(", ");
}
