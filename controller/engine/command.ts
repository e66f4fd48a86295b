import { spawn } from "node:child_process";
import type { PulumiCommand } from "@pulumi/pulumi/automation/index.js";
import { SemVer } from "semver";

/** How one run's engine processes are started. */
export interface CommandOptions {
  /** Folder whose `bin/pulumi` is the engine, or the executable itself. */
  executable: string;
  version: string;
  /** The whole environment of the engine and of the plugins it starts: nothing of the controller's own environment leaks into it. */
  environment: Readonly<Record<string, string>>;
}

/** What the Automation API expects back of a command. */
interface CommandResult {
  stdout: string;
  stderr: string;
  code: number;
  toString(): string;
}

/** Calls of the Automation API around a run that only read what the run's events have already told. */
const UNNEEDED = ["select", "output", "history"];

/**
 * A `PulumiCommand` of the Automation API that starts the engine with a closed environment, and answers `stack select`, `stack output` and
 * `stack history` itself: of the four processes of one `stack.up()` this leaves one.
 */
export function engineCommand(options: CommandOptions): PulumiCommand {
  const command = {
    command: options.executable,
    version: new SemVer(options.version),
    run: async (
      args: string[],
      cwd: string,
      additionalEnv: Record<string, string>,
      onOutput?: (text: string) => void,
      onError?: (text: string) => void,
      signal?: AbortSignal,
    ): Promise<CommandResult> => {
      if (args[0] === "stack" && UNNEEDED.includes(args[1] ?? ""))
        return result(args[1] === "history" ? "[]" : "{}", "", 0);
      const env = { ...additionalEnv, ...options.environment, PULUMI_AUTOMATION_API: "true" };
      return await runEngine(options.executable, args, cwd, env, { onOutput, onError, signal });
    },
  };
  return command as unknown as PulumiCommand;
}

interface RunOptions {
  /** What it reads from its standard input. Default: nothing. */
  input?: string;
  onOutput?: ((text: string) => void) | undefined;
  onError?: ((text: string) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** One process of the engine, which asks nobody anything. @throws {EngineExit} */
export function runEngine(
  executable: string,
  args: string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
  { input, onOutput, onError, signal }: RunOptions = {},
): Promise<CommandResult> {
  return new Promise((resolve, reject) => {
    const stdin = input === undefined ? "ignore" : "pipe";
    const child = spawn(executable, [...args, "--non-interactive"], { cwd, env, stdio: [stdin, "pipe", "pipe"] });
    // An engine that ends before it has read everything says why by its exit.
    child.stdin?.on("error", () => undefined).end(input);
    let stdout = "";
    let stderr = "";
    child.stdout!.setEncoding("utf8").on("data", (text: string) => {
      stdout += text;
      onOutput?.(text);
    });
    child.stderr!.setEncoding("utf8").on("data", (text: string) => {
      stderr += text;
      onError?.(text);
    });
    // One SIGINT lets the engine finish and record the steps under way; a second would drop them.
    const interrupt = () => child.kill("SIGINT");
    if (signal?.aborted) interrupt();
    signal?.addEventListener("abort", interrupt, { once: true });
    child.once("error", (error) => {
      signal?.removeEventListener("abort", interrupt);
      reject(error);
    });
    child.once("close", (code, killedBy) => {
      signal?.removeEventListener("abort", interrupt);
      if (code === 0) return resolve(result(stdout, stderr, 0));
      reject(new EngineExit(code, killedBy ?? undefined, stdout, stderr));
    });
  });
}

/** The engine ended with another exit code than 0, or by a signal. */
export class EngineExit extends Error {
  readonly exitCode: number | null;
  readonly killedBy: string | undefined;
  readonly stdout: string;
  readonly stderr: string;

  constructor(exitCode: number | null, killedBy: string | undefined, stdout: string, stderr: string) {
    super(`the engine ended with ${killedBy ?? `exit code ${exitCode}`}`);
    this.name = "EngineExit";
    this.exitCode = exitCode;
    this.killedBy = killedBy;
    this.stdout = stdout;
    this.stderr = stderr;
  }
}

function result(stdout: string, stderr: string, code: number): CommandResult {
  return { stdout, stderr, code, toString: () => stderr || stdout };
}
