import { relative } from "node:path";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Minutes each, most of it waiting. */
const LONGEST = [
  "e2e/kills",
  "demo/nine-clouds",
  "api/fleet/schemathesis",
  "e2e/faults",
  "api/vps/instances",
  "changes/changes",
  "forge/pulls",
  "e2e/whole-way",
  "demo/demo",
  "e2e/",
  "api/dialect/act",
  "controller/capsule/",
  "ui/walk",
  "api/spot/",
];

/**
 * Begins with what takes longest, so that no worker is left with it when the others have ended. Among files of one kind the order is Vitest's: by how
 * long they took the last time, else by size.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((one, other) => rank(one.moduleId) - rank(other.moduleId));
  }
}

/** Lower is earlier. */
export function rank(file: string): number {
  const name = relative(new URL("..", import.meta.url).pathname, file);
  const longest = LONGEST.findIndex((part) => name.includes(part));
  if (longest >= 0) return longest;
  return name.endsWith(".integration.test.ts") ? LONGEST.length : LONGEST.length + 1;
}
