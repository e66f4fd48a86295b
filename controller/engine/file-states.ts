import { readdir, readFile, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { FleetError } from "../../resources/errors.ts";
import { HISTORY_KEPT, NO_STATE, type StateStore } from "./state-store.ts";

/** States in a folder, as the engine lays them out for `file://`. */
export function fileStates(root: string, project: string): StateStore {
  const folder = join(root, ".pulumi", "stacks", project);
  const file = (stack: string) => join(folder, `${stack}.json`);
  return {
    async stacks() {
      const names = await readdir(folder).catch(() => []);
      return names.filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -".json".length));
    },

    async read(stack) {
      // Only a file that is not there says that the stack holds nothing; one that cannot be read says nothing.
      return await readFile(file(stack), "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return undefined;
        throw new FleetError("ENGINE_FAILED", `the state of ${stack} cannot be read`, { stack });
      });
    },

    async version(stack) {
      const found = await stat(file(stack)).catch(() => undefined);
      return found === undefined ? NO_STATE : `${found.mtimeMs}:${found.size}`;
    },

    async prune(stack) {
      const history = join(root, ".pulumi", "history", project, stack);
      const names = (await readdir(history).catch(() => [])).sort();
      // An update leaves a pair: NAME.history.json and NAME.checkpoint.json.
      for (const name of names.slice(0, -2 * HISTORY_KEPT)) await rm(join(history, name), { force: true });
    },

    async close() {},
  };
}
