import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  chmodSync,
  chownSync,
  closeSync,
  existsSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { FleetError } from "../../resources/errors.ts";
import { requireRoom } from "../room.ts";
import { requireEnterable, type SystemUser, serverUser } from "./access.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { clearForeignPid, postmasterOf } from "./postmaster.ts";

/** How to reach an embedded server: the directory of its socket, and the role of every client. */
export interface EmbeddedServer {
  socketDir: string;
  user: string;
  database: string;
}

const ROLE = "fleetwright";
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 60_000;
/** A socket's path holds 104 bytes on macOS and 108 on Linux, and PostgreSQL adds `/.s.PGSQL.5432` and a lock file's suffix. */
const SOCKET_DIR_MAX_BYTES = 80;

/** A log longer than this starts anew with the next server. */
const LOG_MAX_BYTES = 1 << 20;

/** For a fleet of some thousand objects and a handful of processes: little memory, full durability. */
const SETTINGS = {
  listen_addresses: "",
  port: "5432",
  unix_socket_permissions: "0700",
  max_connections: "50",
  shared_buffers: "32MB",
  work_mem: "8MB",
  maintenance_work_mem: "32MB",
  fsync: "on",
  synchronous_commit: "on",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "256MB",
  min_wal_size: "32MB",
  io_method: "sync",
  jit: "off",
  log_min_messages: "warning",
  log_checkpoints: "off",
  log_timezone: "UTC",
  timezone: "UTC",
};

/**
 * Makes sure that a server runs on this data folder: joins the one that does, or makes the database when there is none, and starts it.
 * It may be called by several processes at once. The server has a session of its own and outlives the caller.
 *
 * @param dataDir absolute; `postgres/` in it belongs to the server.
 * @throws {FleetError} STORE_FAILED, DISK_FULL
 */
export async function ensureServer(dataDir: string): Promise<EmbeddedServer> {
  const cluster = path.join(dataDir, "postgres");
  const user = serverUser(cluster);
  prepareDataDir(dataDir, user);

  const deadline = performance.now() + START_TIMEOUT_MS;
  let started: Started | undefined;
  for (;;) {
    const running = postmasterOf(cluster);
    if (running?.status === "ready") return { socketDir: running.socketDir, user: ROLE, database: "postgres" };
    if (performance.now() > deadline) throw startFailure(dataDir, "it was not ready in time");
    if (running === undefined) {
      // A start of ours that has ended may have lost against another's, whose file appears in a moment; the second loss in a row is an error.
      if (started?.ended && started.attempt >= 2) throw startFailure(dataDir, "it ended at once");
      if (started === undefined || started.ended) {
        await requireRoom(dataDir);
        const binaries = findBinaries(user);
        if (!existsSync(cluster)) await initialize(cluster, binaries, user);
        clearForeignPid(cluster);
        started = start(dataDir, cluster, binaries, user, (started?.attempt ?? 0) + 1);
      }
    }
    await sleep(running === undefined || running.status === "starting" ? 10 : 50);
  }
}

/** Ends the server of this data folder, whoever uses it; connections are cut, nothing committed is lost. Does nothing when none runs. */
export async function stopEmbedded(dataDir: string): Promise<void> {
  const cluster = path.join(path.resolve(dataDir), "postgres");
  const running = postmasterOf(cluster);
  if (running === undefined) return;
  process.kill(running.pid, "SIGINT");
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  while (postmasterOf(cluster)?.pid === running.pid) {
    if (performance.now() > deadline) {
      throw new FleetError("STORE_FAILED", `the database server (process ${running.pid}) did not stop in time`, {
        pid: running.pid,
      });
    }
    await sleep(10);
  }
  if (path.dirname(running.socketDir) === path.resolve(dataDir)) return;
  try {
    rmdirSync(running.socketDir);
  } catch {
    // Someone starts the server anew: the folder is in use, and stays.
  }
}

/** The folder is ours: when root runs the server as another user, that user may pass through it, but not look around. */
function prepareDataDir(dataDir: string, user: SystemUser | undefined): void {
  const made = mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  if (user === undefined) return;
  // Those on the way that we have made are ours to open as well, whatever the caller's umask.
  if (made !== undefined) {
    for (let way = dataDir; way.length >= made.length; way = path.dirname(way)) chmodSync(way, 0o711);
  }
  const { mode, uid } = lstatSync(dataDir);
  if (uid === 0 && (mode & 0o001) === 0) chmodSync(dataDir, (mode & 0o777) | 0o011);
  requireEnterable(dataDir, user);
}

/** Made beside its place and then renamed, so that there is never half a cluster, and of two makers one wins. */
async function initialize(cluster: string, { initdb }: Binaries, user: SystemUser | undefined): Promise<void> {
  const partial = `${cluster}.new-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { mode: 0o700 });
  if (user) chownSync(partial, user.uid, user.gid);
  try {
    const { code, output } = await runToEnd(
      initdb,
      ["-D", partial, "-U", ROLE, "--auth=peer", "--encoding=UTF8", "--locale=C", "--no-instructions"],
      user,
    );
    if (code !== 0)
      throw new FleetError("STORE_FAILED", `the database could not be made: ${output.trim()}`, { path: cluster });

    // Over the socket only, and only as the server's own user or root, who could read its files anyway.
    const clients = new Set(["root", user?.name ?? ownName(output)]);
    writeFileSync(path.join(partial, "pg_hba.conf"), "local all all peer map=fleetwright\n");
    writeFileSync(
      path.join(partial, "pg_ident.conf"),
      [...clients].map((name) => `fleetwright "${name}" ${ROLE}\n`).join(""),
    );
    try {
      renameSync(partial, cluster);
    } catch (error) {
      if (!existsSync(cluster)) throw error;
    }
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

/** initdb says whose files they are; the environment and the passwd file may disagree with it. */
function ownName(output: string): string {
  return /will be owned by user "(.+)"/.exec(output)?.[1] ?? "";
}

interface Started {
  attempt: number;
  ended: boolean;
}

function start(
  dataDir: string,
  cluster: string,
  { postgres }: Binaries,
  user: SystemUser | undefined,
  attempt: number,
): Started {
  const settings = { ...SETTINGS, unix_socket_directories: `"${makeSocketDir(dataDir, user).replaceAll('"', '""')}"` };
  const file = logFile(dataDir);
  const isLong = (statSync(file, { throwIfNoEntry: false })?.size ?? 0) > LOG_MAX_BYTES;
  const log = openSync(file, isLong ? "w" : "a", 0o600);
  const child = spawn(
    postgres,
    ["-D", cluster, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    {
      ...spawnOptions(user),
      detached: true,
      stdio: ["ignore", log, log],
    },
  );
  closeSync(log);
  const started = { attempt, ended: false };
  const ended = () => {
    started.ended = true;
  };
  child.once("error", ended);
  child.once("exit", ended);
  child.unref();
  return started;
}

/** Only the server's user may enter it: the socket's own permissions are not honoured everywhere. */
function makeSocketDir(dataDir: string, user: SystemUser | undefined): string {
  const beside = path.join(realpathSync(dataDir), "run");
  const short = path.join(tmpdir(), `fleetwright-${createHash("sha256").update(beside).digest("hex").slice(0, 16)}`);
  const directory = Buffer.byteLength(beside) <= SOCKET_DIR_MAX_BYTES ? beside : short;
  const owner = user?.uid ?? process.getuid?.();
  try {
    mkdirSync(directory, { mode: 0o700 });
    if (user) chownSync(directory, user.uid, user.gid);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  }
  // In a shared folder another user could have made it first.
  const found = lstatSync(directory);
  if (!found.isDirectory() || found.uid !== owner || (found.mode & 0o077) !== 0) {
    throw new FleetError("STORE_FAILED", `${directory} is not a private directory of the database's user: remove it`, {
      path: directory,
    });
  }
  return directory;
}

function logFile(dataDir: string): string {
  return path.join(dataDir, "postgres.log");
}

function startFailure(dataDir: string, what: string): FleetError {
  const file = logFile(dataDir);
  const lines = existsSync(file) ? readFileSync(file, "utf8").trimEnd().split("\n").slice(-5) : [];
  return new FleetError(
    "STORE_FAILED",
    [`the database server did not start: ${what}. The end of ${file}:`, ...lines].join("\n  "),
    { path: file },
  );
}

/** A clean environment: a daemon that outlives its starter must carry none of its secrets and none of its marks. */
function spawnOptions(user: SystemUser | undefined) {
  const env = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
  return user ? { cwd: "/", env, uid: user.uid, gid: user.gid } : { cwd: "/", env };
}

function runToEnd(
  command: string,
  args: string[],
  user: SystemUser | undefined,
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = spawn(command, args, { ...spawnOptions(user), stdio: ["ignore", "pipe", "pipe"] });
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk;
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    child.once("error", (error) => resolve({ code: null, output: error.message }));
    child.once("close", (code) => resolve({ code, output }));
  });
}
