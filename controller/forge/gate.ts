import { FLEET_PLACES } from "../repo/tree.ts";

/** Whoever may write these could have a credential used, or allow themselves anything. */
const GUARDED = /^(accounts\/|fleet\.yaml$)/;

/** Whether a path is a fleet file's. */
export const isFleetPath = (path: string): boolean =>
  FLEET_PLACES.some((place) => path === place || path.startsWith(`${place}/`));

/** The first path of which what it says counts for how the others are executed. */
export const guardedPath = (paths: Iterable<string>): string | undefined =>
  [...paths].find((path) => GUARDED.test(path));

/** Why a pull request is only checked until an operator has said that this head of it may be previewed; undefined where it need not wait. */
export function gateOf({ isFork, paths }: { isFork: boolean; paths: Iterable<string> }): string | undefined {
  const guarded = guardedPath(paths);
  if (guarded !== undefined) return `it changes ${guarded.slice(0, 200)}`;
  return isFork ? "it comes from a fork" : undefined;
}
