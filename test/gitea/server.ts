import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import {
  chmodSync,
  chownSync,
  cpSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type SystemUser, serverUser } from "../../controller/store/access.ts";
import { cachedGitea, GITEA_VERSION, type GiteaProgram } from "./find.ts";

const START_MS = 120_000;

/** Why there is no Gitea to test against, for `skipIf`; undefined when there is one. */
export const giteaMissing: string | undefined =
  cachedGitea() === undefined
    ? `skipped: no Gitea ${GITEA_VERSION} is built; \`npm test\` builds it where Go, a C compiler and a module proxy are`
    : undefined;

/** Somebody with an account, and a token that may do what they may. */
export interface GiteaUser {
  id: number;
  name: string;
  email: string;
  token: string;
}

/** An answer of the API, whatever its status. */
export interface GiteaAnswer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever Gitea says.
  body: any;
}

/** A real Gitea on a port of loopback, with a folder and a database of its own; it may call webhooks on loopback. */
export class Gitea {
  readonly url: string;
  /** Of all that it writes. */
  readonly root: string;
  readonly #process: ChildProcess;
  #admin: GiteaUser | undefined;

  private constructor(root: string, url: string, process: ChildProcess) {
    this.root = root;
    this.url = url;
    this.#process = process;
  }

  /** @throws when none is built, or it does not start: with the end of its log. */
  static async start(): Promise<Gitea> {
    const program = cachedGitea();
    if (program === undefined) throw new Error(giteaMissing);
    const root = mkdtempSync(path.join(tmpdir(), "fw-gitea-"));
    // It refuses to run as root, and another user does not come to root's cache.
    const user = serverUser(path.join(root, "data"));
    const open = user === undefined ? program : openCopy(program, root);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const config = path.join(root, "app.ini");
    writeFileSync(config, configOf(root, port, open.assets, user));
    if (user !== undefined) for (const one of [root, config]) chownSync(one, user.uid, user.gid);
    chmodSync(root, 0o755);

    const log = path.join(root, "gitea.log");
    const gitea = new Gitea(root, url, spawnGitea(open.file, ["web", "--config", config], root, user, log));
    try {
      await gitea.#ready(log);
      gitea.#admin = await gitea.#makeAdmin(open.file, config, user);
      return gitea;
    } catch (error) {
      await gitea.close();
      throw error;
    }
  }

  get admin(): GiteaUser {
    return this.#admin!;
  }

  /** Makes an account. */
  async user(name: string): Promise<GiteaUser> {
    const password = randomBytes(16).toString("hex");
    const email = `${name}@example.org`;
    const { id } = await this.ask(this.admin, "POST", "/admin/users", {
      username: name,
      email,
      password,
      must_change_password: false,
    });
    const basic = `Basic ${Buffer.from(`${name}:${password}`).toString("base64")}`;
    const { sha1 } = await this.#send(basic, "POST", `/users/${name}/tokens`, { name: "test", scopes: ["all"] }).then(
      expectDone,
    );
    return { id, name, email, token: sha1 };
  }

  /** Makes an empty repository of somebody's. */
  async repository(owner: GiteaUser, name: string): Promise<void> {
    await this.ask(owner, "POST", "/user/repos", { name, default_branch: "main", private: false });
  }

  /** A repository as somebody clones it from and pushes it to: with their token in the address. */
  remote(as: GiteaUser, repository: string): string {
    return `${this.url.replace("://", `://${as.name}:${as.token}@`)}/${repository}.git`;
  }

  /** Has a repository call an address, signed. */
  async hook(
    as: GiteaUser,
    repository: string,
    hook: { url: string; secret: string; events: string[] },
  ): Promise<void> {
    const { events, ...config } = hook;
    const body = { type: "gitea", active: true, events, config: { ...config, content_type: "json" } };
    await this.ask(as, "POST", `/repos/${repository}/hooks`, body);
  }

  /** Asks the API, below `/api/v1`. @returns what it answers. @throws when it refuses. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever Gitea says.
  async ask(as: GiteaUser, method: string, address: string, body?: object): Promise<any> {
    return expectDone(await this.try(as, method, address, body));
  }

  /** Asks the API as `ask` does, for what may be refused. */
  async try(as: GiteaUser, method: string, address: string, body?: object): Promise<GiteaAnswer> {
    return await this.#send(`token ${as.token}`, method, address, body);
  }

  /** Ends it and removes all it has written. */
  async close(): Promise<void> {
    if (this.#process.exitCode === null && this.#process.signalCode === null) {
      const ended = new Promise((resolve) => this.#process.once("exit", resolve));
      this.#process.kill("SIGKILL");
      await ended;
    }
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }

  async #send(authorization: string, method: string, address: string, body?: object): Promise<GiteaAnswer> {
    const response = await fetch(`${this.url}/api/v1${address}`, {
      method,
      headers: { authorization, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const json = response.headers.get("content-type")?.includes("json") && text !== "";
    return { status: response.status, body: json ? JSON.parse(text) : text };
  }

  async #ready(log: string): Promise<void> {
    for (const end = performance.now() + START_MS; performance.now() < end; await sleep(50)) {
      if (this.#process.exitCode !== null) break;
      const answer = await fetch(`${this.url}/api/healthz`).catch(() => undefined);
      if (answer?.ok) return;
    }
    throw new Error(`Gitea does not start:\n${readFileSync(log, "utf8").split("\n").slice(-20).join("\n")}`);
  }

  async #makeAdmin(file: string, config: string, user: SystemUser | undefined): Promise<GiteaUser> {
    const [name, email, password] = ["root-admin", "root-admin@example.org", randomBytes(16).toString("hex")];
    const account = [
      "--admin",
      "--username",
      name,
      "--email",
      email,
      "--password",
      password,
      "--must-change-password=false",
    ];
    const token = ["--access-token", "--access-token-name", "test", "--access-token-scopes", "all"];
    const { stdout } = await promisify(execFile)(
      file,
      ["admin", "user", "create", "--config", config, ...account, ...token],
      { cwd: this.root, env: environmentOf(this.root), ...user },
    );
    const [value] = /\b[0-9a-f]{40}\b/.exec(stdout) ?? [];
    if (value === undefined) throw new Error(`Gitea made no token: ${stdout}`);
    // The first account of all.
    return { id: 1, name, email, token: value };
  }
}

/** @throws with what the API says. */
function expectDone({ status, body }: GiteaAnswer) {
  if (status >= 200 && status < 300) return body;
  throw new Error(`Gitea answers ${status}: ${JSON.stringify(body)}`);
}

function openCopy(program: GiteaProgram, root: string): GiteaProgram {
  const copy = { file: path.join(root, "gitea"), assets: path.join(root, "share") };
  try {
    linkSync(program.file, copy.file);
  } catch {
    // The cache is on another file system.
    cpSync(program.file, copy.file);
  }
  cpSync(program.assets, copy.assets, { recursive: true });
  return copy;
}

function spawnGitea(
  file: string,
  args: string[],
  root: string,
  user: SystemUser | undefined,
  log: string,
): ChildProcess {
  const child = spawn(file, args, {
    cwd: root,
    env: environmentOf(root),
    stdio: ["ignore", "pipe", "pipe"],
    ...(user === undefined ? {} : { uid: user.uid, gid: user.gid }),
  });
  mkdirSync(path.dirname(log), { recursive: true });
  const write = (chunk: Buffer) => writeFileSync(log, chunk, { flag: "a" });
  write(Buffer.alloc(0));
  child.stdout.on("data", write);
  child.stderr.on("data", write);
  return child;
}

const environmentOf = (root: string): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: root,
  GITEA_WORK_DIR: root,
});

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** No mail, no SSH, no jobs of its own, nothing from the internet. */
const configOf = (root: string, port: number, assets: string, user: SystemUser | undefined): string => `
APP_NAME = Forge of a test
RUN_MODE = prod
WORK_PATH = ${root}
${user === undefined ? "" : `RUN_USER = ${user.name}`}
[server]
HTTP_ADDR = 127.0.0.1
HTTP_PORT = ${port}
ROOT_URL = http://127.0.0.1:${port}/
STATIC_ROOT_PATH = ${assets}
APP_DATA_PATH = ${root}/data
DISABLE_SSH = true
OFFLINE_MODE = true
LFS_START_SERVER = false
[database]
DB_TYPE = sqlite3
PATH = ${root}/data/gitea.db
[repository]
ROOT = ${root}/data/repositories
DEFAULT_BRANCH = main
[security]
INSTALL_LOCK = true
SECRET_KEY = ${randomBytes(32).toString("hex")}
[oauth2]
ENABLED = false
[service]
DISABLE_REGISTRATION = true
[session]
PROVIDER = memory
[cache]
ADAPTER = memory
[queue]
TYPE = channel
[indexer]
ISSUE_INDEXER_TYPE = db
[webhook]
ALLOWED_HOST_LIST = loopback
[actions]
ENABLED = false
[packages]
ENABLED = false
[cron]
ENABLED = false
[log]
MODE = console
LEVEL = warn
`;
