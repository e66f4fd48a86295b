import { homedir } from "node:os";
import path from "node:path";

/** Where this user keeps what was installed or built for Fleetwright, by name; a folder a version inside. */
export function userCache(name: string, env: NodeJS.ProcessEnv): string {
  return path.join(env.XDG_CACHE_HOME || path.join(env.HOME || homedir(), ".cache"), "fleetwright", name);
}
