import { type ChildProcess, execFile, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findEngine } from "../../controller/engine/find.ts";
import { stopEmbedded } from "../../controller/store/embedded.ts";
import { copied, listOf, ROOT } from "./dockerfile.ts";

/** What the Dockerfile puts into the image, with the dependencies beside it, and what it runs. */
const root = mkdtempSync(path.join(tmpdir(), "fw-image-"));
const program = path.join(root, "opt");
const fleet = path.join(root, "fleet");
const data = path.join(root, "data");
let serving: ChildProcess | undefined;

beforeAll(() => {
  chmodSync(root, 0o711);
  for (const folder of [program, fleet]) mkdirSync(folder);
  for (const { from, to } of copied("program"))
    cpSync(path.join(ROOT, from), path.join(program, to), { recursive: true });
  symlinkSync(path.join(ROOT, "node_modules"), path.join(program, "node_modules"));
  writeFileSync(path.join(fleet, "fleet.yaml"), "kind: Fleet\nid: image\n");
  const git = (...args: string[]) =>
    execFileSync("git", ["-c", "user.name=Ada", "-c", "user.email=ada@example.org", ...args], { cwd: fleet });
  git("init", "-q", "-b", "main");
  git("add", "-A");
  git("commit", "-qm", "Begin");
});

afterAll(async () => {
  serving?.kill("SIGKILL");
  await stopEmbedded(data);
  rmSync(root, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
});

/** As Docker starts it, on a port of this test. */
async function serve(): Promise<string> {
  const entry = listOf("ENTRYPOINT").at(-1)!.replace("/opt/fleetwright", program);
  const args = listOf("CMD").map((word) => word.replace("0.0.0.0:8350", "127.0.0.1:0"));
  // The image has the engine on its PATH.
  const engine = path.dirname((await findEngine()).path);
  const env = {
    PATH: `${engine}:${process.env.PATH}`,
    HOME: root,
    FLEETWRIGHT_DATA: data,
    XDG_CACHE_HOME: path.join(root, "cache"),
  };
  serving = spawn(process.execPath, [entry, ...args], { cwd: fleet, env, stdio: ["ignore", "pipe", "inherit"] });
  for await (const line of createInterface({ input: serving.stdout! })) {
    const { msg, listen } = JSON.parse(line);
    if (msg !== "serving") continue;
    // What it says from here on is nobody's, and must not fill the pipe.
    serving.stdout!.resume();
    return String(listen);
  }
  throw new Error("the service has ended");
}

const health = async (url: string): Promise<boolean> => {
  const [, ...args] = listOf("HEALTHCHECK").map((word) => word.replace("http://127.0.0.1:8350", url));
  return await promisify(execFile)(process.execPath, args).then(
    () => true,
    () => false,
  );
};

describe("what the image holds", () => {
  it("is enough to serve a fleet, to say that it is healthy, and to end when it is asked to", {
    timeout: 240_000,
  }, async () => {
    expect(await health("http://127.0.0.1:1")).toBe(false);

    const url = await serve();

    await expect.poll(() => health(url), { timeout: 180_000, interval: 500 }).toBe(true);
    serving!.kill("SIGTERM");
    const [code] = await once(serving!, "exit");
    expect(code).toBe(0);
  });
});
