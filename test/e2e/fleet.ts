import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import type { Execution, Outcome } from "../../controller/reconcile/execute.ts";
import type { Preview } from "../../controller/reconcile/types.ts";
import { stopEmbedded } from "../../controller/store/embedded.ts";
import { ENDPOINTS_VARIABLE, SIMULATORS_ALLOWED } from "../../resources/endpoints.ts";
import { CLOUDS, type CloudName, type Clouds } from "./clouds.ts";
import { runProcesses } from "./processes.ts";

const BIN = join(import.meta.dirname, "../../bin/fleetwright.ts");

export const ACCOUNT: Record<CloudName, string> = {
  linode: "linode-main",
  digitalocean: "do-main",
  proxmox: "pve-lab",
};
const VARIABLE: Record<CloudName, string> = {
  linode: "FLEETWRIGHT_LINODE_TOKEN",
  digitalocean: "FLEETWRIGHT_DIGITALOCEAN_TOKEN",
  proxmox: "FLEETWRIGHT_PROXMOX_TOKEN",
};

export interface Ended {
  /** Undefined when a signal ended it. */
  code: number | undefined;
  stdout: string;
  stderr: string;
}

export interface FleetOptions {
  id?: string;
  /** Added to fleet.yaml. */
  fleet?: object;
  settleSeconds?: number;
  /** Further variables of every command. */
  environment?: Record<string, string>;
}

/** A fleet repository, a data folder beside it, and the command line as child processes. */
export class Fleet {
  readonly root: string;
  readonly dir: string;
  readonly dataDir: string;
  readonly environment: Record<string, string>;
  readonly #children = new Set<ChildProcess>();

  /** With an account on each of these clouds; without clouds the test writes its own. */
  constructor(clouds: Clouds | undefined, options: FleetOptions = {}) {
    this.root = mkdtempSync(join(tmpdir(), "fw-e2e-"));
    // As root the database runs as another user, who must be able to come to the data folder.
    chmodSync(this.root, 0o711);
    this.dir = join(this.root, "fleet");
    this.dataDir = join(this.root, "data");
    mkdirSync(this.dir);
    this.environment = {
      ...(clouds && tokensOf(clouds)),
      FLEETWRIGHT_STANDIN_WAIT_SCALE: "0.02",
      [ENDPOINTS_VARIABLE]: SIMULATORS_ALLOWED,
      ...options.environment,
    };
    this.git("init", "-q", "-b", "main");
    this.git("config", "user.name", "Ada Operator");
    this.git("config", "user.email", "ada@example.org");
    this.write({ "fleet.yaml": { kind: "Fleet", id: options.id ?? "e2e", ...options.fleet } });
    for (const cloud of clouds ? CLOUDS : []) {
      this.write({ [`accounts/${ACCOUNT[cloud]}.yaml`]: accountFile(clouds!, cloud, options.settleSeconds ?? 2) });
    }
  }

  git(...args: string[]): string {
    return execFileSync("git", args, { cwd: this.dir, encoding: "utf8" }).trim();
  }

  /** Texts as they are, objects as YAML, null removes. */
  write(files: Record<string, string | object | null>): this {
    for (const [path, content] of Object.entries(files)) {
      const file = join(this.dir, path);
      mkdirSync(dirname(file), { recursive: true });
      if (content === null) rmSync(file);
      else writeFileSync(file, typeof content === "string" ? content : stringify(content));
    }
    return this;
  }

  read(path: string): string {
    return readFileSync(join(this.dir, path), "utf8");
  }

  /** Changes fields at the top of a file; undefined takes one out. */
  edit(path: string, change: (text: string) => string): this {
    const before = this.read(path);
    const after = change(before);
    if (after === before) throw new Error(`${path} was not changed`);
    return this.write({ [path]: after });
  }

  move(from: string, to: string): this {
    mkdirSync(dirname(join(this.dir, to)), { recursive: true });
    renameSync(join(this.dir, from), join(this.dir, to));
    return this;
  }

  commit(message = "Change the fleet"): string {
    this.git("add", "-A");
    this.git("commit", "-qm", message);
    return this.git("rev-parse", "HEAD");
  }

  /** Starts the command line in a process group of its own. */
  start(args: string[], environment: Record<string, string | undefined> = {}): ChildProcess {
    const inherited = Object.entries(process.env).filter(([name]) => !/^(FLEETWRIGHT|PULUMI|DATABASE)_/.test(name));
    const env = { ...Object.fromEntries(inherited), NO_COLOR: "1", ...this.environment, ...environment };
    const all = [BIN, "--fleet", this.dir, "--data", this.dataDir, "--stand-ins", ...args];
    const child = spawn(process.execPath, all, { env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
    this.#children.add(child);
    child.once("close", () => this.#children.delete(child));
    return child;
  }

  async run(args: string[], environment: Record<string, string | undefined> = {}): Promise<Ended> {
    return await ended(this.start(args, environment));
  }

  /** With `--json`: the exit code and the object that was printed. */
  async json<T>(args: string[], environment?: Record<string, string | undefined>): Promise<Answer<T>> {
    const { code, stdout, stderr } = await this.run([...args, "--json"], environment);
    try {
      const value = JSON.parse(stdout) as T & { error?: { code: string; message: string } };
      return { ...value, code, stderr };
    } catch {
      throw new Error(`${args.join(" ")} ended with ${code} and printed no object:\n${stdout}\n${stderr}`);
    }
  }

  async apply(...args: string[]): Promise<Answer<Execution & { outcomes: Outcome[] }>> {
    return await this.json(["apply", ...args]);
  }

  async preview(...args: string[]): Promise<Answer<Preview>> {
    return await this.json(["preview", ...args]);
  }

  /** Applies what is committed, and says why when not all of it converged. */
  async converge(...args: string[]): Promise<Answer<Execution>> {
    const done = await this.apply("--yes", ...args);
    if (done.code !== 0) throw new Error(`apply ended with ${done.code}: ${JSON.stringify(done, undefined, 1)}`);
    return done;
  }

  /** Ends what was started and removes everything. */
  async close(): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    for (const { pid } of runProcesses(this.dataDir)) tryKill(pid);
    await stopEmbedded(this.dataDir);
    rmSync(this.root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  }
}

export type Answer<T> = T & { code: number | undefined; stderr: string; error?: { code: string; message: string } };

export async function ended(child: ChildProcess): Promise<Ended> {
  let stdout = "";
  let stderr = "";
  child.stdout?.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code) => {
      // A process that outlives its parent may keep the pipes open: what counts is the parent.
      setTimeout(() => resolve({ code: code ?? undefined, stdout, stderr }), 20);
    });
  });
}

export function tryKill(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch {
    // It has ended by itself.
  }
}

export const tokensOf = (clouds: Clouds): Record<string, string> =>
  Object.fromEntries(CLOUDS.map((cloud) => [VARIABLE[cloud], clouds.tokens[cloud]]));

export function accountFile(clouds: Clouds, cloud: CloudName, settleSeconds: number): object {
  return {
    kind: "Account",
    name: ACCOUNT[cloud],
    provider: cloud,
    endpoint: clouds.url(cloud),
    credentials: { token: { env: VARIABLE[cloud] } },
    deadlines: { settleSeconds, createSeconds: 60 },
  };
}

/** A small server of a cloud. */
export function server(cloud: CloudName, name: string, changes: object = {}): object {
  const common = { kind: "Server", name, account: ACCOUNT[cloud] };
  const own = {
    linode: { size: "g6-nanode-1", region: "us-east", image: "linode/debian12" },
    digitalocean: { size: "s-1vcpu-1gb", region: "nyc3", image: "debian-12-x64" },
    proxmox: { resources: { vcpus: 1, memoryMiB: 1024, diskGiB: 20 }, region: "pve1", image: "debian-12" },
  };
  return { ...common, ...own[cloud], keys: ["ops"], labels: { env: "test" }, ...changes };
}

export const KEY = {
  kind: "SshKey",
  name: "ops",
  publicKey: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJXU2LKe2GWjyJWYD6y1S2V1N2mVw8rJm6mHh2z6hXkq ops@example.org",
};

export const FIREWALL = {
  kind: "Firewall",
  name: "web",
  rules: [{ direction: "inbound", action: "accept", protocol: "tcp", ports: "443", addresses: ["0.0.0.0/0", "::/0"] }],
};
