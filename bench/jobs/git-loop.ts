import { spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { serverPath, serverText } from "../fleet.ts";
import type { Job } from "../measure/child.ts";
import type { Site } from "../site.ts";

export interface Looped {
  commits: number;
  seconds: number;
}

const PERSON = ["-c", "user.name=Bench", "-c", "user.email=bench@example.net"];

/** The obvious way: write a file, `git add`, `git commit`, one after the other. */
export async function run({ site, commits }: { site: Site; commits: number }, job: Job) {
  await job.mark("opened");
  const began = performance.now();
  for (let at = 0; at < commits; at++) {
    writeFileSync(join(site.fleetDir, serverPath(at)), serverText(at, "large"));
    await git(site.fleetDir, "add", "--", serverPath(at));
    await git(site.fleetDir, ...PERSON, "commit", "--quiet", "--message", `Change ${at}`);
  }
  const result: Looped = { commits, seconds: (performance.now() - began) / 1000 };
  return { result };
}

function git(cwd: string, ...args: string[]): Promise<void> {
  return new Promise((done, failed) => {
    const child = spawn("git", args, { cwd, stdio: "ignore" });
    child.once("error", failed);
    child.once("close", (code) =>
      code === 0 ? done() : failed(new Error(`git ${args.join(" ")} ended with ${code}`)),
    );
  });
}
