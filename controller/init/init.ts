import { existsSync, realpathSync } from "node:fs";
import { lstat, mkdir, readFile, readlink, rm, symlink } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { load } from "js-yaml";
import { FleetError } from "../../resources/errors.ts";
import { KINDS } from "../../schemas/index.ts";
import type { Person } from "../repo/commit.ts";
import { Git } from "../repo/git.ts";
import { openRepo } from "../repo/repo.ts";
import { type Files, PACKAGE_LINK, schemaFiles, startingFiles } from "./files.ts";

export interface Initialized {
  dir: string;
  id: string;
  /** The commit that has the new files; HEAD as it was when nothing was new. */
  commit: string;
  written: string[];
  /** Files that were there and are not what a new fleet has: left as they were. */
  kept: string[];
}

/** The top of this installation. */
const PACKAGE = resolve(import.meta.dirname, "../..");

/**
 * Makes a folder a fleet repository, or adds what one lacks, as one commit. No file of the user's is overwritten.
 * @param options.id Default: what `fleet.yaml` has, else the folder's name.
 * @param options.files In place of what a new fleet begins with, by path.
 * @throws {FleetError} USAGE when the folder lies inside another repository or its name is no id; GIT_FAILED, DIRTY_TREE
 */
export async function initFleet(
  dir: string,
  options: { id?: string; author: Person; files?: Files },
): Promise<Initialized> {
  const top = resolve(dir);
  const id = await chooseId(top, options.id);
  await mkdir(top, { recursive: true });
  await ensureRepository(top);

  const present = async (path: string) => readFile(join(top, path), "utf8").catch(() => undefined);
  const files: Files = {};
  const kept: string[] = [];
  for (const [path, text] of Object.entries({ ...startingFiles(id), ...options.files })) {
    const before = await present(path);
    // A folder that has files needs no placeholder.
    if (before === undefined && !(path.endsWith("/.gitkeep") && existsSync(join(top, dirname(path)))))
      files[path] = text;
    else if (before !== undefined && before !== text) kept.push(path);
  }
  for (const [path, text] of Object.entries(schemaFiles())) if ((await present(path)) !== text) files[path] = text;
  await linkPackage(top);

  const repo = await openRepo(top);
  try {
    const written = Object.keys(files);
    const message = written.includes("fleet.yaml")
      ? `Begin the fleet ${id}`
      : "Bring the files of Fleetwright up to date";
    const commit =
      written.length === 0 ? await repo.head() : await repo.commit({ files, message, author: options.author });
    return { dir: top, id, commit, written, kept };
  } finally {
    await repo.close();
  }
}

async function chooseId(top: string, wanted: string | undefined): Promise<string> {
  const text = await readFile(join(top, "fleet.yaml"), "utf8").catch(() => undefined);
  const recorded = text === undefined ? undefined : idIn(text);
  if (recorded !== undefined && wanted !== undefined && wanted !== recorded) {
    throw new FleetError(
      "USAGE",
      `fleet.yaml says id: ${recorded}; with another one its machines would lose their owner`,
      { id: recorded },
    );
  }
  const id = recorded ?? wanted ?? basename(top).toLowerCase();
  if (new RegExp(KINDS.Fleet.schema.properties.id.pattern).test(id)) return id;
  const rule = KINDS.Fleet.schema.properties.id.patternErrorMessage;
  throw new FleetError("USAGE", `"${id}" is no fleet id, which ${rule}: give one by --id`, { id });
}

function idIn(text: string): string | undefined {
  try {
    const { id } = load(text) as { id?: unknown };
    return typeof id === "string" ? id : undefined;
  } catch {
    throw new FleetError("FLEET_INVALID", "fleet.yaml is no YAML: `fleetwright validate` shows where");
  }
}

/** A fleet has a repository of its own: paths in it count from its top. */
async function ensureRepository(top: string): Promise<void> {
  const git = new Git(top);
  const around = (await git.ask("rev-parse", "--show-toplevel"))?.trim();
  if (around === undefined) return void (await git.run("init", "--quiet", "--initial-branch=main"));
  if (realpathSync(around) === realpathSync(top)) return;
  throw new FleetError("USAGE", `${top} lies inside the git repository ${around}; a fleet is a repository of its own`, {
    repository: around,
  });
}

/** Where `Pulumi.yaml` finds the program and the provider. A link of ours that leads elsewhere is renewed, anything else stays. */
async function linkPackage(top: string): Promise<void> {
  const link = join(top, PACKAGE_LINK);
  await mkdir(dirname(link), { recursive: true });
  const status = await lstat(link).catch(() => undefined);
  if (status !== undefined && !status.isSymbolicLink()) return;
  if (status !== undefined && (await readlink(link)) === PACKAGE) return;
  if (status !== undefined) await rm(link);
  await symlink(PACKAGE, link);
}
