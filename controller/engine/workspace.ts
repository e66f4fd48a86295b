import { lstat, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** Work folders of runs older than this have lost their run: a kill left them behind. */
const STALE_AFTER_MS = 60 * 60 * 1000;

/** A folder for one engine run: `Pulumi.yaml` and the stack's settings, nothing else. */
export interface Workspace {
  dir: string;
  settingsFile: string;
  /** The stack's settings as the engine left them (`Pulumi.STACK.yaml`), which hold the salt of its encryption. */
  stackSettings(): Promise<string | undefined>;
  /** Puts a file (0600) into it. Answers its path. */
  keep(name: string, text: string): Promise<string>;
  remove(): Promise<void>;
}

/** Makes the work folder of one run below `<dataDir>/runs`. `settings` is what `stackSettings` returned the last time. */
export async function createWorkspace(
  dataDir: string,
  project: string,
  stack: string,
  runId: string,
  settings: string | undefined,
): Promise<Workspace> {
  const runs = join(dataDir, "runs");
  await mkdir(runs, { recursive: true, mode: 0o700 });
  await refuseLogs(join(dataDir, "pulumi"));
  const dir = await mkdtemp(join(runs, `${runId}-`));
  const settingsFile = join(dir, `Pulumi.${stack}.yaml`);
  await writeFile(
    join(dir, "Pulumi.yaml"),
    `name: ${project}\nruntime: nodejs\ndescription: A fleet kept by Fleetwright\n`,
  );
  if (settings !== undefined) await writeFile(settingsFile, settings);
  return {
    dir,
    settingsFile,
    stackSettings: () => readFile(settingsFile, "utf8").catch(() => undefined),
    keep: async (name, text) => {
      const file = join(dir, name);
      await writeFile(file, text, { mode: 0o600 });
      return file;
    },
    remove: () => rm(dir, { recursive: true, force: true }),
  };
}

/**
 * The engine logs all it does to a file a process, up to 500 MB of them, which takes a tenth of its CPU and is for nobody: what a run has done is
 * in the database. It has no switch for that, and goes without where a file is in the place of the folder.
 */
async function refuseLogs(home: string): Promise<void> {
  const logs = join(home, "logs");
  await mkdir(home, { recursive: true, mode: 0o700 });
  const found = await lstat(logs).catch(() => undefined);
  if (found?.isFile()) return;
  await rm(logs, { recursive: true, force: true });
  await writeFile(logs, "", { mode: 0o600 });
}

/** Removes work folders whose run is not among `live` and that nobody has touched for an hour, and what the engine noted about such folders. */
export async function sweepWorkspaces(dataDir: string, live: ReadonlySet<string>, now: number): Promise<void> {
  await sweep(join(dataDir, "runs"), now, (name) => !live.has(name.slice(0, name.lastIndexOf("-"))));
  // The engine remembers the chosen stack of each folder it ever ran in, and never forgets one.
  await sweep(join(dataDir, "pulumi", "workspaces"), now, () => true);
}

async function sweep(folder: string, now: number, mayGo: (name: string) => boolean): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    if (!mayGo(name)) continue;
    const path = join(folder, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: now }));
    if (now - mtimeMs > STALE_AFTER_MS) await rm(path, { recursive: true, force: true });
  }
}
