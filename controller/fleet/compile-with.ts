import { type Compiled, type CompileOptions, compile } from "./compile.ts";
import type { FleetFile } from "./file.ts";

/**
 * Compiles files from anywhere, a work tree for one. `userData: {file}` names files that only the compile of a server knows, so those it asks
 * for are read and the servers that asked are compiled again.
 */
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
