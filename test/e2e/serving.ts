import { type ChildProcess, execFileSync } from "node:child_process";
import { createHmac } from "node:crypto";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import type { Fleet } from "./fleet.ts";

/** Of the webhook. */
export const HOOK_SECRET = "a-secret-of-this-test-only";

export type LogLine = Record<string, unknown> & { msg: string; level: string };

/** A bare repository beside a fleet, that the fleet pushes to, and a clone of it for a service to follow. */
export function withRemote(fleet: Fleet): { remote: string; clone: string } {
  const remote = join(fleet.root, "origin.git");
  const clone = join(fleet.root, "clone");
  const git = (...args: string[]) => execFileSync("git", args, { cwd: fleet.root });
  git("init", "-q", "--bare", "-b", "main", remote);
  fleet.git("remote", "add", "origin", remote);
  fleet.git("push", "-q", "-u", "origin", "main");
  git("clone", "-q", remote, clone);
  return { remote, clone };
}

/** `fleetwright serve` in a process of its own, with its log lines. */
export class Serving {
  readonly child: ChildProcess;
  readonly lines: LogLine[] = [];
  readonly #ended: Promise<number | undefined>;
  #stderr = "";

  constructor(fleet: Fleet, clone: string, args: string[] = [], environment: Record<string, string> = {}) {
    const all = ["--fleet", clone, "serve", "--listen", "127.0.0.1:0", "--log-format", "json", ...args];
    this.child = fleet.start(all, { FLEETWRIGHT_HOOK_SECRET: HOOK_SECRET, ...environment });
    createInterface({ input: this.child.stdout! }).on("line", (line) => this.lines.push(JSON.parse(line) as LogLine));
    this.child.stderr!.on("data", (text: Buffer) => {
      this.#stderr += text.toString();
    });
    this.#ended = new Promise((resolve) => this.child.once("exit", (code) => resolve(code ?? undefined)));
  }

  /** The first line from `from` on that fits. */
  async line(what: string, fits: (line: LogLine) => boolean, from = 0, timeoutMs = 120_000): Promise<LogLine> {
    for (const end = performance.now() + timeoutMs; performance.now() < end; await sleep(50)) {
      const found = this.lines.slice(from).find(fits);
      if (found !== undefined) return found;
      if (this.child.exitCode !== null) break;
    }
    const log = this.lines.map((line) => JSON.stringify(line)).join("\n");
    throw new Error(`the service has not told of ${what}:\n${log}\n${this.#stderr}`);
  }

  async url(): Promise<string> {
    return String((await this.line("its address", ({ msg }) => msg === "serving")).listen);
  }

  async get(path: string): Promise<{ status: number; text: string }> {
    const response = await fetch(`${await this.url()}${path}`);
    return { status: response.status, text: await response.text() };
  }

  async hook(secret = HOOK_SECRET): Promise<number> {
    const body = JSON.stringify({ ref: "refs/heads/main" });
    const signature = `sha256=${createHmac("sha256", secret).update(body).digest("hex")}`;
    const headers = { "x-hub-signature-256": signature, "content-type": "application/json" };
    return (await fetch(`${await this.url()}/hooks/git`, { method: "POST", body, headers })).status;
  }

  /** Sends a signal, and answers the exit code. */
  async end(signal: NodeJS.Signals = "SIGTERM"): Promise<number | undefined> {
    this.child.kill(signal);
    return await this.#ended;
  }
}
