import { readFileSync, realpathSync, statSync } from "node:fs";
import path from "node:path";
import { FleetError } from "../../resources/errors.ts";

/** An account of the system that the database server runs as. */
export interface SystemUser {
  name: string;
  uid: number;
  gid: number;
}

/** Tried in this order. Accounts that systems come with; none is ever created. */
const UNPRIVILEGED = ["fleetwright", "nobody"];

/**
 * PostgreSQL refuses to run as root, so root starts it as the owner of the existing data, or else as an unprivileged account.
 *
 * @returns undefined when the caller is not root: the server runs as the caller.
 * @throws {FleetError} STORE_FAILED when there is no such account.
 */
export function serverUser(existingData: string): SystemUser | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = readFileSync("/etc/passwd", "utf8")
    .split("\n")
    .map((line) => line.split(":"))
    .map(([name = "", , uid, gid]) => ({ name, uid: Number(uid), gid: Number(gid) }));

  const owner = statSync(existingData, { throwIfNoEntry: false })?.uid;
  const user =
    owner === undefined || owner === 0
      ? UNPRIVILEGED.map((name) => accounts.find((account) => account.name === name)).find((account) => account)
      : accounts.find((account) => account.uid === owner);
  if (user !== undefined) return user;
  throw new FleetError(
    "STORE_FAILED",
    owner === undefined || owner === 0
      ? `PostgreSQL does not run as root, and this system has no account named ${UNPRIVILEGED.join(" or ")}: add one, run as another user, or set DATABASE_URL`
      : `the data in ${existingData} belong to user id ${owner}, which is not in /etc/passwd: chown the folder to an account that is`,
    { path: existingData },
  );
}

/** The first directory on the way to `target`, from the root down, that this user may not enter; undefined when all are open. */
export function closedDirectory(target: string, user: SystemUser): string | undefined {
  const real = realpathSync(target);
  const parts = real.split(path.sep);
  const ways = parts.map((_, index) => parts.slice(0, index + 1).join(path.sep) || path.sep);
  return ways.find((directory) => {
    const { mode, uid, gid } = statSync(directory);
    const bit = uid === user.uid ? 0o100 : gid === user.gid ? 0o010 : 0o001;
    return (mode & bit) === 0;
  });
}

/** @throws {FleetError} STORE_FAILED naming the directory that is closed to the server's user, and two ways out. */
export function requireEnterable(dataDir: string, user: SystemUser): void {
  const closed = closedDirectory(dataDir, user);
  if (closed === undefined) return;
  throw new FleetError(
    "STORE_FAILED",
    `the database runs as the user "${user.name}", because PostgreSQL refuses to run as root, and that user may not enter ${closed}, ` +
      `which is on the way to the data folder ${dataDir}. Either choose a data folder elsewhere (--data /var/lib/fleetwright/NAME), ` +
      `or let other users pass through this one (chmod o+x ${closed})`,
    { path: closed, user: user.name },
  );
}
