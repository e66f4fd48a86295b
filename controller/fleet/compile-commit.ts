import type { FleetRepo } from "../repo/repo.ts";
import { type Compiled, type CompileOptions, compile } from "./compile.ts";
import type { FleetFile } from "./file.ts";

/**
 * Compiles the fleet of a commit. `userData: {file}` names files that only the compile of a server knows, so those it asked for are read from
 * the same commit and the servers that asked are compiled again; a cache makes the second pass cost those alone.
 */
export async function compileCommit(
  repo: FleetRepo,
  commit: string,
  files: FleetFile[],
  options: Omit<CompileOptions, "readFile">,
): Promise<Compiled> {
  return await compileWith(files, options, (path) => repo.readBlob(commit, path));
}

/** The same over files from anywhere, with a reader of other files beside them. */
export async function compileWith(
  files: FleetFile[],
  options: Omit<CompileOptions, "readFile">,
  read: (path: string) => Promise<string | undefined>,
): Promise<Compiled> {
  const texts = new Map<string, string | undefined>();
  for (;;) {
    const asked = new Set<string>();
    const compiled = compile(files, {
      ...options,
      readFile: (path) => {
        if (!texts.has(path)) asked.add(path);
        return texts.get(path);
      },
    });
    if (asked.size === 0) return compiled;
    for (const path of asked) texts.set(path, await read(path));
  }
}
