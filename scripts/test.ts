import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { parseCLI, startVitest } from "vitest/node";
import { ENGINE_VERSION, findEngine } from "../controller/engine/find.ts";
import { findGitea } from "../test/gitea/find.ts";

/**
 * Runs every test, or those that the arguments name (they are vitest's own). The last line is `N passed, N failed`, with `, N skipped` when
 * some were; the exit code is 1 when any failed.
 */
try {
  const engine = await findEngine({ onProgress: (line) => console.error(line) });
  console.error(`engine: Pulumi ${engine.version} (${engine.source}: ${engine.path})`);
} catch (error) {
  console.error((error as Error).message);
  console.error(`tests that need the engine ${ENGINE_VERSION} will fail`);
  // Once is enough: those tests look no further than where it would be.
  process.env.FLEETWRIGHT_ENGINE_SOURCES = "PATH,cache";
}

const { filter, options } = parseCLI(["vitest", "run", ...process.argv.slice(2)]);
if (wantsGitea(filter)) {
  try {
    console.error(`forge: ${(await findGitea((line) => console.error(line))).file}`);
  } catch (error) {
    const { message, mend } = error as Error & { mend?: string };
    console.error(`no Gitea: ${message}${mend === undefined ? "" : ` (to mend it: ${mend})`}`);
    console.error("tests that need one will be skipped");
  }
}

const vitest = await startVitest("test", filter, { ...options, watch: false, run: true });

let passed = 0;
let failed = vitest.state.getUnhandledErrors().length;
let skipped = 0;
for (const module of vitest.state.getTestModules()) {
  // A file that does not load has no tests that could fail.
  failed += module.errors().length;
  for (const suite of module.children.allSuites()) failed += suite.errors().length;
  for (const test of module.children.allTests()) {
    const { state } = test.result();
    if (state === "passed") passed += 1;
    else if (state === "failed") failed += 1;
    else skipped += 1;
  }
}
await vitest.close();

// Nothing that ran counts as a failure too: a misspelt name must not look like success.
const success = failed === 0 && passed > 0;
if (passed + failed + skipped === 0) console.error("no test was run");
process.stdout.write(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}\n`, () => {
  process.exit(success ? 0 : 1);
});

/** Whether a test file that is to be run starts a Gitea, which takes minutes to build. */
function wantsGitea(filter: string[]): boolean {
  const tests = path.resolve(import.meta.dirname, "../test");
  return readdirSync(tests, { recursive: true, encoding: "utf8" })
    .map((name) => path.join(tests, name))
    .filter((file) => file.endsWith(".test.ts") && (filter.length === 0 || filter.some((part) => file.includes(part))))
    .some((file) => readFileSync(file, "utf8").includes("giteaMissing"));
}
