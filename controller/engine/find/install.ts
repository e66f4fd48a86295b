import { spawn } from "node:child_process";
import { mkdirSync, renameSync, rmSync } from "node:fs";
import path from "node:path";
import { elapsed } from "./elapsed.ts";
import { MakeError, type MakeOptions } from "./maker.ts";

const PROGRAM = path.join(import.meta.dirname, "install-program.ts");
/** What the program says once the download is known to be reachable. */
export const REACHABLE = "reachable";
/** Without internet access the installer does not fail but hang. */
const REACH_MS = 20_000;
const DOWNLOAD_MS = 10 * 60_000;
const TELL_EVERY_MS = 5_000;

/** Installs the engine by the Automation API, in a process of its own, because that cannot be told to stop. */
export async function installEngine({ home, version, env, progress }: MakeOptions): Promise<void> {
  const partial = `${home}.new-${process.pid}`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  progress(`looking for a download of the Pulumi engine ${version}`);
  try {
    await runProgram([partial, version], env, progress);
    rmSync(home, { recursive: true, force: true });
    renameSync(partial, home);
  } finally {
    rmSync(partial, { recursive: true, force: true });
  }
}

function runProgram(args: string[], env: NodeJS.ProcessEnv, progress: (line: string) => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const began = performance.now();
    const child = spawn(process.execPath, [PROGRAM, ...args], {
      // Node's own clients look at HTTPS_PROXY only when told to.
      env: { ...env, NODE_USE_ENV_PROXY: "1" },
      stdio: ["ignore", "pipe", "pipe"],
      // A group of its own: the installer is a shell script that starts others.
      detached: true,
    });
    let said = "";
    let failure = "";
    let late: string | undefined;
    const giveUp = (why: string) => () => {
      late = why;
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    };
    let timer = setTimeout(giveUp(`get.pulumi.com was not reached in ${elapsed(REACH_MS)}`), REACH_MS);
    const tell = setInterval(() => {
      if (said.includes(REACHABLE)) progress(`downloading the engine: ${elapsed(performance.now() - began)}`);
    }, TELL_EVERY_MS);
    child.stdout.on("data", (chunk: Buffer) => {
      const before = said.includes(REACHABLE);
      said += chunk;
      if (before || !said.includes(REACHABLE)) return;
      clearTimeout(timer);
      timer = setTimeout(giveUp(`the download took longer than ${elapsed(DOWNLOAD_MS)}`), DOWNLOAD_MS);
    });
    child.stderr.on("data", (chunk: Buffer) => {
      failure += chunk;
    });
    child.once("error", (error) => {
      failure = error.message;
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      clearInterval(tell);
      if (code === 0) return resolve();
      const reason = late ?? failure.trim().split("\n").slice(-3).join("; ");
      reject(
        new MakeError(
          reason || `the installer ended with ${code}`,
          "allow access to https://get.pulumi.com and https://github.com",
        ),
      );
    });
  });
}
