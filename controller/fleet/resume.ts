import type { ParsedCache } from "./cache.ts";
import { type CompileOptions, compile } from "./compile.ts";
import { kindOfPath } from "./file.ts";
import { catalogsDigest } from "./program.ts";
import { compileShared } from "./shared.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * Puts a snapshot in the place of the last compile, so that the next one goes on from it. Its few other files are compiled for this; its servers
 * are taken as they are. Does nothing where the clouds sell something else now, which servers are checked against.
 */
export function resume(
  snapshot: Snapshot,
  options: Pick<CompileOptions, "clouds" | "catalogs">,
  cache: ParsedCache,
): void {
  if (snapshot.catalogs !== catalogsDigest(options.catalogs)) return;
  const { files, servers, texts } = snapshot;
  compile(
    files.filter(({ path }) => kindOfPath(path) !== "Server"),
    { ...options, cache },
  );
  const { last } = cache;
  if (last === undefined) return;
  const { shared } = compileShared(servers, last.byKind, last.context);
  cache.last = { ...last, files, texts, compiled: { ...last.compiled, servers, shared } };
}
