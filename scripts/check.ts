import { spawnSync } from "node:child_process";
import path from "node:path";

/** Format and lint, types, and what nothing uses. Every check runs, whatever the others say. */
const CHECKS = [["biome", "ci", "."], ["tsc", "--noEmit", "-p", "."], ["knip"]] as const;

const root = path.dirname(import.meta.dirname);
const failed = CHECKS.filter(([program, ...args]) => {
  console.log(`\n${[program, ...args].join(" ")}`);
  const { status } = spawnSync(path.join(root, "node_modules/.bin", program), args, { cwd: root, stdio: "inherit" });
  return status !== 0;
});

console.log(failed.length === 0 ? "\nall checks passed" : `\nfailed: ${failed.map(([program]) => program).join(", ")}`);
process.exitCode = failed.length === 0 ? 0 : 1;
