import type { ActualServer, ExpectedServer } from "../../resources/actual.ts";
import { canonicalJson } from "../fleet/canonical.ts";
import { ruleDrift } from "./rules.ts";

/** One field whose actual value differs from the desired one. Its path is that of the fleet file. */
export interface FieldDrift {
  path: string;
  desired?: unknown;
  actual?: unknown;
}

/** Fields of `ExpectedServer` and where a fleet file has them. */
const PATHS: Record<Exclude<keyof ExpectedServer, "tags" | "rules">, string> = {
  name: "hostname",
  size: "size",
  region: "region",
  vcpus: "resources.vcpus",
  memoryMiB: "resources.memoryMiB",
  diskGiB: "resources.diskGiB",
  backups: "backups",
  monitoring: "monitoring",
  ipv6Enabled: "ipv6",
  power: "power",
};

/**
 * Drift of one server: pure, field by field, its baseline is what the cloud reports now. Fields that `expected` does not have, and fields the
 * cloud did not report, are not compared. A machine that the cloud is at work on (`changing`) has no drift in power, and one that is still being
 * made ready none at all: it may not even show its name yet.
 */
export function findDrift(expected: ExpectedServer, actual: ActualServer): FieldDrift[] {
  if (actual.provisioning !== undefined) return [];
  const drift: FieldDrift[] = [];
  for (const [field, path] of Object.entries(PATHS) as [keyof typeof PATHS, string][]) {
    const desired = expected[field];
    const found = actual[field];
    if (desired === undefined || found === undefined || desired === found) continue;
    if (field === "power" && found === "changing") continue;
    drift.push({ path, desired, actual: found });
  }
  if (expected.tags !== undefined && canonicalJson(tagSet(expected.tags)) !== canonicalJson(tagSet(actual.tags))) {
    drift.push({ path: "labels", desired: tagSet(expected.tags), actual: tagSet(actual.tags) });
  }
  // Rules are reported only by a look at the one machine.
  if (expected.rules !== undefined && actual.rules !== undefined)
    drift.push(...ruleDrift(expected.rules, actual.rules, "rules."));
  return drift;
}

/** Clouds keep tags as sets and compare them without case. */
function tagSet(tags: string[]): string[] {
  return [...new Set(tags.map((tag) => tag.toLowerCase()))].sort();
}
