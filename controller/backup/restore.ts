import { createReadStream } from "node:fs";
import { chmod, copyFile, mkdir, readdir, readFile, realpath, rename, rm, rmdir } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { extract, list } from "tar";
import { FleetError } from "../../resources/errors.ts";
import { openBackend, stateUrl } from "../engine/backend.ts";
import type { States } from "../engine/states.ts";
import { Git } from "../repo/git.ts";
import type { DumpColumn, DumpRow, DumpSource } from "../store/dump.ts";
import { defaultDataDir, loadStore } from "../store/open.ts";
import { BUNDLE, DATABASE, KEY, type Manifest, readManifest, STATE } from "./manifest.ts";

export interface RestoreOptions {
  file: string;
  /** Where the fleet repository goes. */
  fleetDir: string;
  /** Where the controller's folder goes. Default: the one of this user for that fleet. */
  dataDir?: string;
  /** The key, where the archive has none. */
  keyFile?: string;
  /** Puts what is in the way aside, instead of refusing. */
  over?: boolean;
  environment: Readonly<Record<string, string | undefined>>;
  now: Date;
}

export interface Restored {
  manifest: Manifest;
  fleetDir: string;
  dataDir: string;
  /** Folders that were in the way, where they are now. */
  aside: string[];
}

/** Rows that are loaded at once. */
const BATCH = 500;

/**
 * Makes a fleet repository and a data folder from an archive. Both are made beside their places and renamed when all is there; what fails leaves nothing behind.
 * @throws {FleetError} USAGE, STORE_FAILED, GIT_FAILED
 */
export async function restore(options: RestoreOptions): Promise<Restored> {
  const { environment } = options;
  const fleetDir = await placeOf(options.fleetDir);
  const dataDir = await placeOf(
    options.dataDir ?? environment.FLEETWRIGHT_DATA ?? defaultDataDir(fleetDir, { ...environment }),
  );
  for (const folder of [fleetDir, dataDir]) if (!options.over) await refuseFull(folder);
  const work = { fleet: `${fleetDir}.restoring-${process.pid}`, data: `${dataDir}.restoring-${process.pid}` };
  const archive = `${work.data}.archive`;
  try {
    await mkdir(archive, { mode: 0o700 });
    await unpack(options.file, archive);
    const manifest = await readManifest(archive);
    await makeFleet(archive, manifest, work.fleet);
    await makeData(archive, manifest, work.data, options);
    const source = await dumpIn(join(archive, DATABASE), manifest);
    if (environment.DATABASE_URL === undefined) await loadStore({ dataDir: work.data }, source);
    const aside = await swap(
      [
        { from: work.data, to: dataDir },
        { from: work.fleet, to: fleetDir },
      ],
      options.now,
      // What a server keeps cannot be renamed: last, when all else has gone well.
      () => fillServers(archive, manifest, source, dataDir, environment),
    );
    return { manifest, fleetDir, dataDir, aside };
  } finally {
    for (const folder of [archive, work.fleet, work.data])
      await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

/** Its parent is made where it is not there, as nobody's but the caller's business. */
async function placeOf(path: string): Promise<string> {
  const whole = resolve(path);
  await mkdir(dirname(whole), { recursive: true });
  return join(await realpath(dirname(whole)), basename(whole));
}

async function refuseFull(folder: string): Promise<void> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw new FleetError("USAGE", `${folder} cannot be restored into: ${error.message}`, { folder });
  });
  if (names.length > 0)
    throw new FleetError("USAGE", `${folder} is not empty: name another, or --over puts it aside`, { folder });
}

async function unpack(file: string, folder: string): Promise<void> {
  try {
    // Read to its end first: an extraction that fails midway goes on writing what it has read.
    await list({ file, strict: true });
    // Links and devices have no business in a backup.
    const filter = (_: string, entry: object) =>
      !("type" in entry) || ["File", "Directory"].includes(String(entry.type));
    await extract({ file, cwd: folder, strict: true, filter, umask: 0o077 });
  } catch (error) {
    throw new FleetError(
      "USAGE",
      `${file} cannot be unpacked: ${(error as Error).message}`,
      { file },
      { cause: error },
    );
  }
}

async function makeFleet(archive: string, { branch, commit, remotes }: Manifest, folder: string): Promise<void> {
  await mkdir(folder);
  const git = new Git(folder);
  await git.run("init", "--quiet");
  const refs = ["+refs/*:refs/*", "HEAD"];
  await git.run("fetch", "--quiet", "--update-head-ok", "--no-write-fetch-head", join(archive, BUNDLE), ...refs);
  await (branch === undefined
    ? git.run("checkout", "--quiet", "--detach", commit)
    : git.run("symbolic-ref", "HEAD", `refs/heads/${branch}`));
  await git.run("reset", "--quiet", "--hard");
  for (const [name, url] of Object.entries(remotes)) await git.run("remote", "add", name, url);
}

async function makeData(
  archive: string,
  manifest: Manifest,
  folder: string,
  { keyFile, environment }: RestoreOptions,
): Promise<void> {
  await mkdir(folder, { mode: 0o700 });
  const key = manifest.hasKey ? join(archive, KEY) : keyFile;
  if (key === undefined)
    throw new FleetError(
      "USAGE",
      "the backup was made without the state's key: name the file that has it with --key",
      {},
    );
  const named = environment.FLEETWRIGHT_STATE_KEY_FILE;
  if (named === undefined) {
    await copyFile(key, join(folder, "state.key"));
    await chmod(join(folder, "state.key"), 0o600);
  } else if ((await readFile(named, "utf8").catch(() => undefined)) !== (await readFile(key, "utf8"))) {
    throw new FleetError("USAGE", `FLEETWRIGHT_STATE_KEY_FILE names ${named}, which is not the key of this backup`, {});
  }
  if (environment.PULUMI_BACKEND_URL !== undefined || !manifest.hasState) return;
  await statesAt(stateUrl(folder, {}), manifest, environment).fill(await statesIn(archive));
}

/**
 * Fills what is elsewhere than in the data folder: first the place of the states, then the database, which takes all or nothing. Both must be empty of this fleet.
 * @throws {FleetError} USAGE, ENGINE_FAILED, STORE_FAILED
 */
async function fillServers(
  archive: string,
  manifest: Manifest,
  source: DumpSource,
  dataDir: string,
  environment: RestoreOptions["environment"],
): Promise<void> {
  const { DATABASE_URL: databaseUrl, PULUMI_BACKEND_URL: backendUrl } = environment;
  const states =
    backendUrl === undefined || !manifest.hasState ? undefined : statesAt(backendUrl, manifest, environment);
  try {
    const undo = await states?.fill(await statesIn(archive));
    if (databaseUrl === undefined) return;
    await loadStore({ dataDir, databaseUrl }, source).catch(async (error: unknown) => {
      await undo?.();
      throw error;
    });
  } finally {
    await states?.close();
  }
}

/** @throws {FleetError} USAGE */
function statesAt(backendUrl: string, { fleetId }: Manifest, environment: RestoreOptions["environment"]): States {
  const { states } = openBackend(backendUrl, fleetId, environment);
  if (states !== undefined) return states;
  throw new FleetError(
    "USAGE",
    "the backup has state, and PULUMI_BACKEND_URL names a place that only the engine can write: name one that docs/many-machines.md lists",
    {},
  );
}

/** The texts of all states in an archive, by stack. */
async function statesIn(archive: string): Promise<Map<string, string>> {
  const folder = join(archive, STATE);
  const texts = (await readdir(folder)).map(
    async (name) => [name.slice(0, -".json".length), await readFile(join(folder, name), "utf8")] as const,
  );
  return new Map(await Promise.all(texts));
}

async function dumpIn(folder: string, { migrations }: Manifest): Promise<DumpSource> {
  const names = (await readdir(folder)).filter((name) => name.endsWith(".jsonl")).sort();
  const tables = await Promise.all(
    names.map(async (name) => {
      const file = join(folder, name);
      let columns: DumpColumn[] = [];
      for await (const [first] of linesOf(file, 1)) {
        columns = first as unknown as DumpColumn[];
        break;
      }
      return { name: name.slice(0, -".jsonl".length), columns, rows: () => rowsOf(file) };
    }),
  );
  return { migrations, tables };
}

async function* rowsOf(file: string): AsyncIterable<DumpRow[]> {
  let isFirst = true;
  for await (const lines of linesOf(file, BATCH)) {
    const rows = isFirst ? lines.slice(1) : lines;
    isFirst = false;
    if (rows.length > 0) yield rows;
  }
}

async function* linesOf(file: string, many: number): AsyncGenerator<DumpRow[]> {
  let batch: DumpRow[] = [];
  for await (const line of createInterface({ input: createReadStream(file), crlfDelay: Number.POSITIVE_INFINITY })) {
    batch.push(JSON.parse(line) as DumpRow);
    if (batch.length < many) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}

/** Renames all into place and ends with `last`; whatever fails undoes what was done. */
async function swap(moves: { from: string; to: string }[], now: Date, last: () => Promise<void>): Promise<string[]> {
  const undo: (() => Promise<void>)[] = [];
  const aside: string[] = [];
  try {
    for (const { from, to } of moves) {
      // An empty folder gives way.
      await rmdir(to).catch(() => undefined);
      const old = `${to}.before-restore-${now.toISOString().replaceAll(":", "-")}`;
      const moved = await rename(to, old).then(
        () => true,
        (error: NodeJS.ErrnoException) => {
          if (error.code === "ENOENT") return false;
          throw error;
        },
      );
      if (moved) {
        undo.push(() => rename(old, to));
        aside.push(old);
      }
      await rename(from, to);
      undo.push(() => rename(to, from));
    }
    await last();
    return aside;
  } catch (error) {
    for (const step of undo.reverse()) await step();
    throw error;
  }
}
