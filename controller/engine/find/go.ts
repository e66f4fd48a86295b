import { spawn } from "node:child_process";
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { elapsed } from "./elapsed.ts";
import { withLock } from "./lock.ts";
import { MakeError } from "./maker.ts";

const TELL_EVERY_MS = 5_000;
/** Looked into when `go` is not on PATH: where its own installer and Debian put it. */
const USUAL_FOLDERS = ["/usr/local/go/bin", "/usr/lib/go/bin"];

export interface GoProgram {
  /** For people: `the Pulumi engine 3.250.0`. */
  title: string;
  /** Folder of the Go module that requires it. */
  module: string;
  package: string;
  /** Go variables that the linker sets, by their full names. */
  variables: Readonly<Record<string, string>>;
  /** Build tags. Default none. */
  tags?: readonly string[];
  /** Whether it has parts in C, which need a C compiler. Default false. */
  cgo?: boolean;
  /** The executable: there whole, or not at all. */
  file: string;
}

interface BuildOptions {
  env: NodeJS.ProcessEnv;
  progress: (line: string) => void;
}

/** The program's executable, compiled when it is not there yet: of several processes one does it, the others wait. @throws {MakeError} */
export async function builtOnce(program: GoProgram, lock: string, options: BuildOptions): Promise<string> {
  await withLock(lock, options.progress, async () => {
    if (!existsSync(program.file)) await goBuild(program, options);
  });
  return program.file;
}

/** Compiles a program from one of the modules in `tools`. @throws {MakeError} with what mends it. */
export async function goBuild(program: GoProgram, { env, progress }: BuildOptions): Promise<void> {
  const { title, file } = program;
  const go = findGo(env);
  mkdirSync(path.dirname(file), { recursive: true });
  const partial = `${file}.new-${process.pid}`;
  const variables = Object.entries(program.variables).map(([name, value]) => `-X ${name}=${value}`);
  const linker = ["-s", "-w", ...variables].join(" ");
  const tags = program.tags === undefined ? [] : ["-tags", program.tags.join(",")];
  const flags = ["-v", "-trimpath", "-buildvcs=false", ...tags, "-ldflags", linker];

  progress(`building ${title} with ${go}, once: this takes some minutes`);
  try {
    const args = ["build", ...flags, "-o", partial, program.package];
    const { code, lines } = await compile(go, args, program, { env, progress });
    if (code !== 0) throw buildFailure(code, lines);
    renameSync(partial, file);
  } finally {
    rmSync(partial, { force: true });
  }
}

/** @throws {MakeError} where there is none. */
export function findGo(env: NodeJS.ProcessEnv): string {
  const folders = [...(env.PATH ?? "").split(path.delimiter).filter((folder) => folder !== ""), ...USUAL_FOLDERS];
  const go = folders.map((folder) => path.resolve(folder, "go")).find((file) => existsSync(file));
  if (go !== undefined) return go;
  throw new MakeError(
    "go is not installed",
    "install Go 1.21 or newer (https://go.dev/dl/, or apt-get install golang-go)",
  );
}

function compile(
  go: string,
  args: string[],
  { module, title, cgo = false }: GoProgram,
  { env, progress }: BuildOptions,
): Promise<{ code: number | null; lines: string[] }> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(go, args, {
      cwd: module,
      env: { ...env, CGO_ENABLED: cgo ? "1" : "0" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    const lines: string[] = [];
    let compiled = 0;
    let downloaded = 0;
    createInterface({ input: child.stderr }).on("line", (line) => {
      // With -v go names each package it compiles, and with "go: downloading" each module it fetches; all else is about a failure.
      if (line.startsWith("go: downloading ")) downloaded += 1;
      else if (/^[\w.~/-]+$/.test(line)) compiled += 1;
      else lines.push(line);
    });
    const tell = setInterval(() => {
      const fetched = downloaded > 0 ? `${downloaded} modules downloaded, ` : "";
      progress(`building ${title}: ${fetched}${compiled} packages compiled, ${elapsed(performance.now() - began)}`);
    }, TELL_EVERY_MS);
    child.once("error", (error) => {
      clearInterval(tell);
      reject(new MakeError(`${go} does not run: ${error.message}`, "reinstall Go (https://go.dev/dl/)"));
    });
    child.once("close", (code) => {
      clearInterval(tell);
      if (code === 0) progress(`${title} is built (${elapsed(performance.now() - began)})`);
      resolve({ code, lines });
    });
  });
}

function buildFailure(code: number | null, lines: string[]): MakeError {
  const end = lines.slice(-5).join("; ");
  return new MakeError(
    `go build ended with ${code ?? "a signal"}: ${end}`,
    "check that Go can reach a module proxy (go env GOPROXY), that the disk has 3 GB free and the machine 4 GB of memory",
  );
}
