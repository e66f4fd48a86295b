import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Catalog } from "../../resources/catalog.ts";
import { sha256 } from "./canonical.ts";
import type { CloudRules } from "./context.ts";

const ROOT = join(import.meta.dirname, "../..");

/** Everything that compiling is made of, with the versions of the libraries that read YAML and check schemas. */
const PARTS = ["controller/fleet", "controller/repo", "resources", "schemas", "package.json"];

const byClouds = new WeakMap<object, string>();
let source: string | undefined;

/**
 * Digest of what decides how files are compiled besides the files: the program and the clouds it is given. By content and not by version: between
 * two releases a program changes as well.
 */
export function programDigest(clouds: Readonly<Record<string, CloudRules>>): string {
  const known = byClouds.get(clouds);
  if (known !== undefined) return known;
  source ??= sourceDigest();
  const digest = sha256(JSON.stringify([source, clouds], (_key, value) => textOfFunction(value)));
  byClouds.set(clouds, digest);
  return digest;
}

/** Digest of what the clouds sell. When it was read does not matter. */
export function catalogsDigest(catalogs: Readonly<Record<string, Catalog>> = {}): string {
  const sold = Object.keys(catalogs)
    .sort()
    .map((account) => [account, { ...catalogs[account]!, readAt: "" }]);
  return sha256(JSON.stringify(sold));
}

function textOfFunction(value: unknown): unknown {
  return typeof value === "function" ? String(value) : value;
}

function sourceDigest(): string {
  return sha256(JSON.stringify(PARTS.flatMap(filesOf).map((path) => [path, readFileSync(join(ROOT, path), "utf8")])));
}

function filesOf(part: string): string[] {
  if (part.endsWith(".json")) return [part];
  return readdirSync(join(ROOT, part), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.(ts|js|json)$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(ROOT.length + 1))
    .sort();
}
