import { guardedPath } from "../changes/guarded.ts";
import { FLEET_PLACES } from "../repo/tree.ts";

/** Whether a path is a fleet file's. */
export const isFleetPath = (path: string): boolean =>
  FLEET_PLACES.some((place) => path === place || path.startsWith(`${place}/`));

/** Why a pull request is only checked until an operator has said that this head of it may be previewed; undefined where it need not wait. */
export function gateOf({ isFork, paths }: { isFork: boolean; paths: Iterable<string> }): string | undefined {
  const guarded = guardedPath(paths);
  if (guarded !== undefined) return `it changes ${guarded.slice(0, 200)}`;
  return isFork ? "it comes from a fork" : undefined;
}
