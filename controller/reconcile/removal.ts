import { commitFiles } from "./commit-files.ts";
import type { Controller } from "./context.ts";
import type { Desired } from "./desired.ts";

/**
 * Commits the removal of every server file: the way a fleet ends, like any other change. What servers share goes with them, since nobody uses
 * it any more. Answers the commit, or undefined when there is no server.
 */
export async function commitRemoval(
  controller: Controller,
  desired: Desired,
  author: { name: string; email: string },
): Promise<string | undefined> {
  const paths = desired.objects.filter(({ spec }) => spec.kind === "Server").map(({ path }) => path);
  if (paths.length === 0) return undefined;
  const message = `Remove all ${paths.length} servers of ${desired.fleet.id}\n`;
  const files = Object.fromEntries(paths.map((path) => [path, null]));
  return await commitFiles(controller, desired.commit, files, { message, author });
}
