import { spawn } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type SimpleGit, simpleGit } from "simple-git";
import { FleetError } from "../../resources/errors.ts";

/** Ordinary git commands in one folder; what goes wrong is GIT_FAILED. */
export class Git {
  readonly dir: string;
  readonly #git: SimpleGit;
  #bare: Promise<string> | undefined;
  #folder: Promise<string | undefined> | undefined;

  constructor(dir: string) {
    this.dir = dir;
    this.#git = simpleGit({ baseDir: dir, maxConcurrentProcesses: 4 });
  }

  /** What the command printed. @throws {FleetError} GIT_FAILED */
  async run(...args: string[]): Promise<string> {
    try {
      return await this.#git.raw(args);
    } catch (cause) {
      throw gitFailed(args, cause);
    }
  }

  /** What the command printed, or undefined when it failed: for questions whose "no" is an exit code. */
  async ask(...args: string[]): Promise<string | undefined> {
    return this.run(...args).catch(() => undefined);
  }

  /** The branch that HEAD is on; undefined when it is on none. */
  async currentBranch(): Promise<string | undefined> {
    // A process for each look at one line is what takes longest in a small commit.
    this.#folder ??= this.ask("rev-parse", "--absolute-git-dir");
    const folder = (await this.#folder)?.trim();
    const head = folder && (await readFile(join(folder, "HEAD"), "utf8").catch(() => undefined));
    const branch = head && /^ref: refs\/heads\/(.+)\n$/.exec(head)?.[1];
    // Where git keeps refs in tables, the file is there and says so.
    if (branch && branch !== ".invalid") return branch;
    return (await this.ask("symbolic-ref", "--quiet", "--short", "HEAD"))?.trim() || undefined;
  }

  /** Whether there is no work tree: asked once, for a repository stays what it is. @throws {FleetError} GIT_FAILED */
  async isBare(): Promise<boolean> {
    this.#bare ??= this.run("rev-parse", "--is-bare-repository");
    return (await this.#bare).trim() === "true";
  }

  /**
   * Runs a command that reads its input, which simple-git has no way for. It never asks a person, and ends after `timeoutMs` (default: never).
   * @throws {FleetError} GIT_FAILED
   */
  feed(args: string[], input: string | Buffer, timeoutMs = 0): Promise<string> {
    return new Promise((resolve, reject) => {
      const env = { ...process.env, GIT_LITERAL_PATHSPECS: "1", GIT_TERMINAL_PROMPT: "0" };
      const child = spawn("git", args, { cwd: this.dir, env, timeout: timeoutMs });
      let output = "";
      let complaint = "";
      child.stdout.on("data", (chunk: Buffer) => {
        output += chunk.toString();
      });
      child.stderr.on("data", (chunk: Buffer) => {
        complaint = (complaint + chunk.toString()).slice(-2000);
      });
      child.on("error", (cause) => reject(gitFailed(args, cause)));
      child.on("close", (code) =>
        code === 0 ? resolve(output) : reject(gitFailed(args, new Error(complaint.trim() || `exit code ${code}`))),
      );
      child.stdin.on("error", () => {});
      child.stdin.end(input);
    });
  }
}

function gitFailed(args: string[], cause: unknown): FleetError {
  const reason = cause instanceof Error ? cause.message.trim().split("\n").slice(0, 3).join(" ") : String(cause);
  return new FleetError("GIT_FAILED", `git ${args[0]} failed: ${reason}`, { command: args[0] }, { cause });
}
