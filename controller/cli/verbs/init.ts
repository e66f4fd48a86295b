import { relative } from "node:path";
import { type Initialized, initFleet } from "../../init/init.ts";
import { personAt } from "../../repo/person.ts";
import type { Io } from "../io.ts";
import { EXIT, type GlobalOptions } from "../options.ts";

export interface InitFlags extends GlobalOptions {
  id?: string;
}

/** `fleetwright init [DIR]`: makes a fleet repository, or brings one up to date. Needs no cloud, database or engine. */
export async function initVerb(flags: InitFlags, io: Io, dir: string = flags.fleet): Promise<number> {
  // The repository may not be there yet.
  const author = await personAt(process.cwd());
  const made = await initFleet(dir, { author, ...(flags.id === undefined ? {} : { id: flags.id }) });
  io.out(flags.json ? JSON.stringify(made) : render(made, io));
  return EXIT.ok;
}

function render({ dir, id, commit, written, kept }: Initialized, { color }: Io): string {
  const here = relative(process.cwd(), dir);
  const flag = here === "" ? "" : ` --fleet ${here.startsWith("..") ? dir : here}`;
  const isNew = written.includes("fleet.yaml");
  if (written.length === 0) return `The fleet ${color.bold(id)} in ${dir} has all it needs.`;
  const lines = [
    isNew
      ? `${color.green("Made")} the fleet ${color.bold(id)} in ${dir}, commit ${commit.slice(0, 10)}`
      : `${color.green("Brought")} the fleet ${color.bold(id)} in ${dir} up to date, commit ${commit.slice(0, 10)}`,
    color.dim(`  ${shortList(written)}`),
  ];
  if (kept.length > 0) lines.push(color.yellow(`  left as they were: ${kept.join(", ")}`));
  if (!isNew) return lines.join("\n");
  return [
    ...lines,
    "",
    "Next:",
    "  1. Describe an account, a key and a server: README.md there has one of each to copy.",
    "  2. Give the credential to the environment:    export FLEETWRIGHT_…_TOKEN=…",
    `  3. Check every file:                          fleetwright${flag} validate`,
    "  4. Commit:                                    git add -A && git commit",
    `  5. See what it would do, and do it:           fleetwright${flag} preview, then apply`,
  ].join("\n");
}

/** Placeholders and schemas are told by their folders. */
function shortList(paths: string[]): string {
  const short = paths.map((path) =>
    /\/(\.gitkeep|[^/]+\.schema\.json)$/.test(path) ? path.replace(/[^/]+$/, "") : path,
  );
  return [...new Set(short)].join("  ");
}
