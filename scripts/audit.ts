import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import path from "node:path";
import { parse } from "yaml";
import { type Allowed, readReport, refused } from "./audit/report.ts";

/**
 * Asks the registry for advisories about what Fleetwright runs on. Exit code 1 for one that is high or critical and not in `.ci/audit-allowed.yaml`; a
 * registry that does not answer fails nothing, and is told.
 */
const root = path.dirname(import.meta.dirname);
const options = { cwd: root, encoding: "utf8", timeout: 120_000, maxBuffer: 64 * 1024 * 1024 } as const;
const { stdout, error } = spawnSync("npm", ["audit", "--omit=dev", "--json"], options);
const report = error === undefined ? readReport(stdout) : { unanswered: error.message };

if ("unanswered" in report) {
  console.log(
    `audit: the dependencies were not looked at, because the registry does not answer (${report.unanswered})`,
  );
} else {
  const allowed = parse(readFileSync(path.join(root, ".ci/audit-allowed.yaml"), "utf8")) as Allowed[];
  const { advisories } = report;
  const bad = refused(advisories, allowed, new Date().toISOString().slice(0, 10));
  for (const { id, severity, package: name, title } of bad) console.log(`audit: ${severity} ${id} ${name}: ${title}`);
  console.log(`audit: ${advisories.length} advisories, ${bad.length} of them to be mended or allowed`);
  if (bad.length > 0) process.exitCode = 1;
}
