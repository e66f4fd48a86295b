import {
  appendFile,
  chmod,
  copyFile,
  mkdir,
  mkdtemp,
  open,
  readdir,
  rename,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { create } from "tar";
import { FleetError } from "../../resources/errors.ts";
import { openBackend, stateUrl } from "../engine/backend.ts";
import { readCheckpoint } from "../engine/checkpoint.ts";
import type { States } from "../engine/states.ts";
import { fleetIdOf } from "../fleet-id.ts";
import { stateKeyFile } from "../keys.ts";
import type { OpenController } from "../open.ts";
import { withLeases } from "../reconcile/leases.ts";
import { MOVING_LEASE } from "../reconcile/reshard-open.ts";
import { Git } from "../repo/git.ts";
import { VERSION } from "../version.ts";
import { BUNDLE, checksums, DATABASE, FORMAT, KEY, MANIFEST, type Manifest, STATE } from "./manifest.ts";

const NEVER = new AbortController().signal;

export interface BackupOptions {
  /** Where the archive goes; it must not be there yet. */
  file: string;
  /** Leaves the key of the state's secrets out. */
  withoutKey?: boolean;
}

/**
 * Writes an archive (0600) of all that the controller holds. Nobody has to stop for it: the database is read first, as it was at one instant, and the state after it.
 * Records are written after state, so what they know the copied state knows as well; what state knows beyond them is what a run leaves that is cut off.
 * @throws {FleetError} USAGE, STATE_DAMAGED, GIT_FAILED, STORE_FAILED
 */
export async function backUp(controller: OpenController, options: BackupOptions): Promise<Manifest> {
  const file = resolve(options.file);
  if ((await stat(file).catch(() => undefined)) !== undefined)
    throw new FleetError("USAGE", `${file} is there already: name another file`, { file });
  const staging = await mkdtemp(`${file}.partial-`).catch((error: Error) => {
    throw new FleetError("USAGE", `no file can be made in ${dirname(file)}: ${error.message}`, { file });
  });
  try {
    const content = join(staging, "content");
    await mkdir(content);
    // A server that goes to another stack between the two readings would be in neither, or in both.
    const manifest = await withLeases(controller, [MOVING_LEASE], NEVER, () => gather(controller, content, options));
    await writeFile(join(content, MANIFEST), JSON.stringify(manifest, undefined, 2));
    const archive = join(staging, "archive");
    const rest = (await readdir(content)).filter((name) => name !== MANIFEST).sort();
    await create({ file: archive, cwd: content, gzip: true, portable: true, mode: 0o600 }, [MANIFEST, ...rest]);
    await chmod(archive, 0o600);
    const handle = await open(archive, "r+");
    await handle.sync();
    await handle.close();
    await rename(archive, file);
    return manifest;
  } catch (error) {
    if (error instanceof FleetError) throw error;
    throw new FleetError(
      "STORE_FAILED",
      `the backup could not be written: ${(error as Error).message}`,
      { file },
      { cause: error },
    );
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

async function gather(controller: OpenController, folder: string, { withoutKey }: BackupOptions): Promise<Manifest> {
  const { repo, dataDir, environment } = controller;
  const madeAt = new Date(controller.now()).toISOString();
  const migrations = await dumpDatabase(controller, join(folder, DATABASE));
  const fleetId = await fleetIdOf(controller);
  const { states } = openBackend(stateUrl(dataDir, environment), fleetId, environment);
  if (states !== undefined) await copyState(states, join(folder, STATE)).finally(() => states.close());
  // After the records: every commit that they name is in it.
  const git = new Git(repo.dir);
  await git.run("bundle", "create", "--quiet", join(folder, BUNDLE), "HEAD", "--all");
  const branch = (await git.ask("symbolic-ref", "--short", "--quiet", "HEAD"))?.trim();
  if (!withoutKey) {
    await copyFile(await stateKeyFile(dataDir, environment), join(folder, KEY));
    await chmod(join(folder, KEY), 0o600);
  }
  return {
    format: FORMAT,
    version: VERSION,
    fleetId,
    madeAt,
    ...(branch ? { branch } : {}),
    commit: await repo.head(),
    remotes: await remotesOf(git),
    migrations,
    hasState: states !== undefined,
    hasKey: !withoutKey,
    files: await checksums(folder),
  };
}

/** A file per table: its columns, then a row a line. Answers the migrations that made the tables. */
async function dumpDatabase({ store }: OpenController, folder: string): Promise<string[]> {
  await mkdir(folder);
  const write = (table: string, lines: unknown[]) =>
    appendFile(join(folder, `${table}.jsonl`), lines.map((line) => `${JSON.stringify(line)}\n`).join(""), {
      mode: 0o600,
    });
  let migrations: string[] = [];
  await store.dump({
    migrations: async (names) => {
      migrations = names;
    },
    table: (name, columns) => write(name, [columns]),
    rows: (table, rows) => write(table, rows),
  });
  return migrations;
}

/** The engine replaces a stack's state as a whole, so each is read as one run has left it. @throws {FleetError} STATE_DAMAGED */
async function copyState(states: States, folder: string): Promise<void> {
  await mkdir(folder);
  for (const stack of (await states.versions()).keys()) {
    const text = await states.read(stack);
    const found = text === undefined ? "is not there any more" : readCheckpoint(text, stack);
    if (text === undefined || typeof found === "string")
      throw new FleetError(
        "STATE_DAMAGED",
        `the state of ${stack} ${found}: \`fleetwright apply\` puts a copy back, then back up again`,
        { stack, file: states.place(stack) },
      );
    await writeFile(join(folder, `${stack}.json`), text, { mode: 0o600 });
  }
}

async function remotesOf(git: Git): Promise<Record<string, string>> {
  const names = (await git.run("remote")).split("\n").filter(Boolean);
  const pairs = await Promise.all(
    names.map(async (name) => [name, ((await git.ask("config", `remote.${name}.url`)) ?? "").trim()] as const),
  );
  return Object.fromEntries(pairs.map(([name, url]) => [name, url.replace(/^(\w+:\/\/)[^@/]*@/, "$1")]));
}
