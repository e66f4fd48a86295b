/**
 * Writes what is made from the schemas: `schemas/types.ts` and `docs/fleet-files.md`. With `--check` writes nothing and exits 1 when one of
 * them is not what the schemas say.
 */
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { fleetFilesPage } from "./docs/page.ts";
import { fleetFileTypes } from "./docs/types.ts";

/** The generated files: path from the top of the project, and text. */
export async function generate(): Promise<{ path: string; text: string }[]> {
  return [
    { path: "schemas/types.ts", text: await fleetFileTypes() },
    { path: "docs/fleet-files.md", text: fleetFilesPage() },
  ];
}

async function main(check: boolean): Promise<number> {
  let stale = 0;
  for (const { path, text } of await generate()) {
    const file = fileURLToPath(new URL(`../${path}`, import.meta.url));
    const present = await readFile(file, "utf8").catch(() => "");
    if (present === text) continue;
    if (check) {
      stale += 1;
      console.error(`${path} is not what the schemas say: run \`npm run docs\``);
      continue;
    }
    await writeFile(file, text);
    console.log(`wrote ${path}`);
  }
  return stale === 0 ? 0 : 1;
}

// Not `import.meta.main`: on Node 24 the launcher imports the script it runs.
if (process.argv[1] === import.meta.filename) process.exitCode = await main(process.argv.includes("--check"));
