import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { promisify } from "node:util";

/** What an executable said when it was asked, for as long as it is the same file. */
interface Known {
  mtimeMs: number;
  size: number;
  version: string;
}

/**
 * The version an engine tells, like `3.250.0`; undefined when it does not run. Asking costs half a second, so the answer is remembered
 * in `versions.json` of the cache until the file changes.
 */
export async function engineVersion(file: string, cache: string): Promise<string | undefined> {
  const stat = statSync(file, { throwIfNoEntry: false });
  if (stat === undefined) return undefined;
  const memory = path.join(cache, "versions.json");
  const known = readKnown(memory);
  const before = known[file];
  if (before !== undefined && before.mtimeMs === stat.mtimeMs && before.size === stat.size) return before.version;

  const version = await ask(file);
  if (version !== undefined)
    remember(memory, { ...known, [file]: { mtimeMs: stat.mtimeMs, size: stat.size, version } });
  return version;
}

/** Whether `version` is at least `wanted`, with the same major number: another major speaks another protocol. */
export function isRecentEnough(version: string, wanted: string): boolean {
  const [has, needs] = [numbers(version), numbers(wanted)];
  if (has === undefined || needs === undefined || has.major !== needs.major) return false;
  if (has.minor !== needs.minor) return has.minor > needs.minor;
  if (has.patch !== needs.patch) return has.patch > needs.patch;
  // 3.250.0-alpha comes before 3.250.0.
  return !has.early || needs.early;
}

function numbers(version: string) {
  const match = /^(\d+)\.(\d+)\.(\d+)(-.+)?$/.exec(version);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]), early: match[4] !== undefined };
}

async function ask(file: string): Promise<string | undefined> {
  try {
    const env = { ...process.env, PULUMI_SKIP_UPDATE_CHECK: "true" };
    const { stdout } = await promisify(execFile)(file, ["version"], { env, timeout: 30_000 });
    const version = stdout.trim().replace(/^v/, "");
    return numbers(version) === undefined ? undefined : version;
  } catch {
    return undefined;
  }
}

function readKnown(memory: string): Record<string, Known> {
  try {
    return JSON.parse(readFileSync(memory, "utf8")) as Record<string, Known>;
  } catch {
    return {};
  }
}

function remember(memory: string, known: Record<string, Known>): void {
  try {
    mkdirSync(path.dirname(memory), { recursive: true });
    const partial = `${memory}.${process.pid}`;
    writeFileSync(partial, JSON.stringify(known, null, 2));
    renameSync(partial, memory);
  } catch {
    // A cache that cannot be written costs half a second at the next start, nothing else.
  }
}
