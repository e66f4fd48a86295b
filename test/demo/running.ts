import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect } from "vitest";
import { allProcesses } from "../e2e/processes.ts";

const BIN = join(import.meta.dirname, "../../bin/fleetwright.ts");

/** The demo in a child process, with what it has said so far. */
export class RunningDemo {
  stdout = "";
  stderr = "";
  readonly child: ChildProcess;
  readonly #ended: Promise<number | null>;

  constructor(...args: string[]) {
    this.child = spawn(process.execPath, [BIN, "demo", ...args], {
      env: { ...process.env, NO_COLOR: "1" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
    this.#ended = once(this.child, "close").then(([code]) => code as number | null);
  }

  /** Waits until it has said this. */
  async says(pattern: RegExp, timeoutMs: number): Promise<RegExpExecArray> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      const found = pattern.exec(this.stdout) ?? pattern.exec(this.stderr);
      if (found) return found;
      if (this.child.exitCode !== null || Date.now() > deadline)
        throw new Error(`the demo did not say ${pattern}:\n${this.stdout}\n${this.stderr}`);
      await new Promise((done) => setTimeout(done, 50));
    }
  }

  /** Its exit code. */
  ended(): Promise<number | null> {
    return this.#ended;
  }

  /** The temporary folder, as it was told. */
  get folder(): string {
    return /(\S*fleetwright-demo-\w+)\/fleet/.exec(this.stdout + this.stderr)![1]!;
  }

  /** Neither the folder nor a process that worked in it is there any more. */
  expectNothingLeft(): void {
    const { folder } = this;
    expect(existsSync(folder), folder).toBe(false);
    const left = allProcesses().filter(({ command, environment }) => {
      return command.includes(folder) || Object.values(environment).some((value) => value.includes(folder));
    });
    expect(left.map(({ command }) => command)).toEqual([]);
  }

  /** Ends it, whatever state it is in; it cleans up unless it cannot. */
  async end(): Promise<void> {
    if (this.child.exitCode !== null) return;
    this.child.kill("SIGINT");
    const late = setTimeout(() => this.child.kill("SIGKILL"), 30_000);
    await this.#ended;
    clearTimeout(late);
  }
}
