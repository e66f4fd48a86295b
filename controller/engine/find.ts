import { existsSync } from "node:fs";
import path from "node:path";
import { FleetError } from "../../resources/errors.ts";
import { buildEngine } from "./find/build.ts";
import { userCache } from "./find/cache.ts";
import { installEngine } from "./find/install.ts";
import { withLock } from "./find/lock.ts";
import { engineVersion, isRecentEnough } from "./find/version.ts";

/** The engine's version that is installed or built, and the oldest that is taken from PATH. It is the version of `@pulumi/pulumi`. */
export const ENGINE_VERSION = "3.250.0";

const SOURCES = ["PATH", "cache", "installer", "build"] as const;
export type EngineSource = (typeof SOURCES)[number];

export interface Engine {
  /** The executable, absolute. */
  path: string;
  version: string;
  source: EngineSource;
}

export interface FindEngineOptions {
  /** Told in lines what takes time. */
  onProgress?: (line: string) => void;
  /** Default: the process's own. `FLEETWRIGHT_ENGINE_SOURCES` (some of PATH,cache,installer,build) limits where it is looked for. */
  env?: NodeJS.ProcessEnv;
}

/** One way of coming by the engine that did not work. */
interface Miss {
  source: EngineSource;
  result: string;
  mend: string;
}

/**
 * The Pulumi engine: from PATH when recent enough, else this user's cache, else by the Automation API's installer, else built from
 * `tools/engine` (some minutes). What was installed or built stays in the cache, so a second call takes no time.
 *
 * @throws {FleetError} ENGINE_MISSING with every way tried, its result and what mends it.
 */
export async function findEngine(options: FindEngineOptions = {}): Promise<Engine> {
  const env = options.env ?? process.env;
  const progress = options.onProgress ?? (() => undefined);
  const allowed = allowedSources(env);
  const cache = engineCache(env);
  const home = path.join(cache, ENGINE_VERSION);
  const misses: Miss[] = [];

  if (allowed.has("PATH")) {
    const found = await fromPath(env, cache);
    if ("path" in found) return found;
    misses.push(found);
  }

  const cached = async (source: EngineSource): Promise<Engine | undefined> => {
    const file = path.join(home, "bin/pulumi");
    const version = existsSync(file) ? await engineVersion(file, cache) : undefined;
    return version !== undefined && isRecentEnough(version, ENGINE_VERSION)
      ? { path: file, version, source }
      : undefined;
  };
  if (allowed.has("cache")) {
    const found = await cached("cache");
    if (found) return found;
    misses.push({
      source: "cache",
      result: `no engine in ${home}`,
      mend: "nothing to do: it is filled by the ways below",
    });
  }

  const makers = { installer: installEngine, build: buildEngine };
  for (const source of ["installer", "build"] as const) {
    if (!allowed.has(source)) continue;
    try {
      const made = await withLock(path.join(cache, "lock"), progress, async () => {
        const meanwhile = allowed.has("cache") ? await cached("cache") : undefined;
        if (meanwhile) return meanwhile;
        await makers[source]({ home, version: ENGINE_VERSION, env, progress });
        return await cached(source);
      });
      if (made) return made;
      misses.push({ source, result: "what it made does not run", mend: `remove ${home} and try again` });
    } catch (error) {
      misses.push({ source, ...explain(error, source) });
    }
  }
  throw new FleetError(
    "ENGINE_MISSING",
    [
      "no Pulumi engine was found. Tried:",
      ...misses.map((miss) => `  ${miss.source}: ${miss.result}\n    to mend it: ${miss.mend}`),
    ].join("\n"),
    { version: ENGINE_VERSION },
  );
}

/** Where this user's engines are kept, a folder a version. */
export function engineCache(env: NodeJS.ProcessEnv): string {
  return userCache("engine", env);
}

function allowedSources(env: NodeJS.ProcessEnv): Set<EngineSource> {
  const text = env.FLEETWRIGHT_ENGINE_SOURCES;
  if (!text) return new Set(SOURCES);
  const names = text.split(",").map((name) => name.trim());
  const known = SOURCES.filter((source) => names.includes(source));
  if (known.length === names.length) return new Set(known);
  throw new FleetError("USAGE", `FLEETWRIGHT_ENGINE_SOURCES is "${text}": it takes some of ${SOURCES.join(",")}`);
}

async function fromPath(env: NodeJS.ProcessEnv, cache: string): Promise<Engine | Miss> {
  const mend = `install Pulumi ${ENGINE_VERSION} or a later 3.x (https://www.pulumi.com/docs/install/)`;
  const file = (env.PATH ?? "")
    .split(path.delimiter)
    .filter((folder) => folder !== "")
    .map((folder) => path.resolve(folder, "pulumi"))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) return { source: "PATH", result: "no pulumi on PATH", mend };
  const version = await engineVersion(file, cache);
  if (version === undefined) return { source: "PATH", result: `${file} does not tell its version`, mend };
  if (isRecentEnough(version, ENGINE_VERSION)) return { path: file, version, source: "PATH" };
  return { source: "PATH", result: `${file} is ${version}, and ${ENGINE_VERSION} or a later 3.x is needed`, mend };
}

function explain(error: unknown, source: "installer" | "build"): Pick<Miss, "result" | "mend"> {
  const result = error instanceof Error ? error.message : String(error);
  const mend = (error as { mend?: unknown }).mend;
  if (typeof mend === "string") return { result, mend };
  return {
    result,
    mend: source === "installer" ? "allow access to https://get.pulumi.com" : "look at the message, then try again",
  };
}
