import { type ChildProcess, spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { installedPackage, type PythonPackage } from "../python-package.ts";

export interface Moto {
  /** `http://127.0.0.1:PORT` */
  url: string;
  pid: number;
  close(): Promise<void>;
}

/** Simulates EC2 as a server of its own. */
export const MOTO: PythonPackage = { name: "moto", requirement: "moto[ec2,server]", version: "5.2.5" };

const START_MS = 60_000;

/** Ends with whoever started it, also when that one is killed. */
const PROGRAM = `
import os, sys, threading, time
started = os.getppid()
def watch():
    while os.getppid() == started:
        time.sleep(0.5)
    os._exit(0)
threading.Thread(target=watch, daemon=True).start()
from moto.server import main
main(["-H", "127.0.0.1", "-p", "0"])
`;

/**
 * Starts moto on a free loopback port; installs it first where it is not in the user's cache. It keeps all in memory, takes any credentials, and has
 * the few images of `images.json` in every region.
 *
 * @throws {PackageMissing} where it cannot be had.
 */
export async function startMoto(): Promise<Moto> {
  const { python, folder } = await installedPackage(MOTO);
  const child = spawn(python, ["-c", PROGRAM], {
    stdio: ["ignore", "ignore", "pipe"],
    env: {
      ...process.env,
      PYTHONPATH: folder,
      PYTHONDONTWRITEBYTECODE: "1",
      MOTO_AMIS_PATH: path.join(import.meta.dirname, "images.json"),
      // What moto does by itself to other accounts or the real cloud is none of ours.
      AWS_ACCESS_KEY_ID: "moto",
      AWS_SECRET_ACCESS_KEY: "moto",
    },
  });
  const url = await address(child);
  return { url, pid: child.pid!, close: () => end(child) };
}

function address(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const fail = (why: string) => {
      child.kill("SIGKILL");
      reject(new Error(`moto did not start: ${why}\n${said.slice(-20).join("\n")}`));
    };
    const timer = setTimeout(() => fail(`nothing within ${START_MS / 1000} s`), START_MS);
    child.once("error", (error) => fail(error.message));
    child.once("exit", (code) => fail(`it ended with ${code}`));
    createInterface({ input: child.stderr! }).on("line", (line) => {
      const url = /Running on (http:\/\/127\.0\.0\.1:\d+)/.exec(line)?.[1];
      if (said.length < 100) said.push(line);
      if (!url) return;
      clearTimeout(timer);
      child.removeAllListeners("exit");
      resolve(url);
    });
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill("SIGKILL");
  await ended;
}
