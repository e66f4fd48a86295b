import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type OpenController, openController } from "../../controller/open.ts";
import type { Cloud } from "../../resources/cloud.ts";
import type { Site } from "../site.ts";

/** A controller with its real database for a fleet whose files do not matter. */
export async function openFleet(
  site: Site,
  clouds: Readonly<Record<string, Cloud>>,
  environment: Readonly<Record<string, string>>,
): Promise<OpenController> {
  const git = (...args: string[]) => execFileSync("git", args, { cwd: site.fleetDir, stdio: "pipe" });
  git("init", "-q", "-b", "main");
  writeFileSync(join(site.fleetDir, "fleet.yaml"), "kind: Fleet\nid: bench\n");
  git("add", ".");
  git("-c", "user.name=Bench", "-c", "user.email=bench@example.net", "commit", "-q", "-m", "Make the fleet");
  return await openController({
    fleetDir: site.fleetDir,
    dataDir: site.dataDir,
    clouds,
    environment: { ...process.env, ...environment },
  });
}
