import { spawn } from "node:child_process";
import type { Job } from "../measure/child.ts";
import { tofuEnvironment } from "../tofu/environment.ts";

export interface Planned {
  /** Whether it found something to do. */
  changes: boolean;
}

/** `tofu plan`; what it alone takes is counted from the mark on. */
export async function run({ tofu, dir }: { tofu: string; dir: string }, job: Job) {
  await job.mark("ready");
  const child = spawn(tofu, ["plan", "-detailed-exitcode", "-input=false", "-no-color"], {
    cwd: dir,
    stdio: ["ignore", "ignore", "pipe"],
    env: tofuEnvironment(),
  });
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-2000);
  });
  const code = await new Promise<number | null>((done, failed) => child.once("error", failed).once("close", done));
  if (code !== 0 && code !== 2) throw new Error(`tofu plan ended with ${code}: ${errors.trim()}`);
  const result: Planned = { changes: code === 2 };
  return { result };
}
