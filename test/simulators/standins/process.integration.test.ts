import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { afterEach, describe, expect, it } from "vitest";
import { standinPath } from "../../../simulators/standins/index.ts";

const started: number[] = [];

afterEach(() => {
  for (const pid of started.splice(0)) if (isAlive(pid)) process.kill(pid, "SIGKILL");
});

function start(command: string, args: string[], options: object = {}): ChildProcess {
  const child = spawn(command, args, { stdio: ["ignore", "pipe", "pipe"], ...options });
  if (child.pid) started.push(child.pid);
  return child;
}

async function firstLine(stream: NodeJS.ReadableStream): Promise<string> {
  const [line] = await once(createInterface({ input: stream }), "line");
  return String(line);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe.each(["linode", "digitalocean", "equinix-metal"])("pulumi-resource-%s", (name) => {
  const file = path.join(standinPath(), `pulumi-resource-${name}`);

  it("says what it is, prints its port first, and goes when the engine tells it to", async () => {
    const child = start(file, ["127.0.0.1:1"]);

    const [port, said] = await Promise.all([firstLine(child.stdout!), firstLine(child.stderr!)]);
    child.kill("SIGINT");
    const [code] = await once(child, "exit");

    expect(Number(port)).toBeGreaterThan(0);
    expect(said).toBe(`stand-in for the official ${name} plugin (not the real one)`);
    expect(code).toBe(0);
  }, 20_000);

  it("ends when the engine that started it was killed", async () => {
    // A process in the engine's place that starts the plugin in a process group of its own, as the engine does.
    const engine = `const child = require("node:child_process").spawn(${JSON.stringify(file)}, [], { detached: true, stdio: ["ignore", "pipe", "ignore"] });
      child.stdout.once("data", () => console.log(child.pid));
      setInterval(() => {}, 1000);`;
    const parent = start(process.execPath, ["-e", engine]);
    const plugin = Number(await firstLine(parent.stdout!));
    started.push(plugin);
    expect(isAlive(plugin)).toBe(true);

    parent.kill("SIGKILL");

    await expect.poll(() => isAlive(plugin), { timeout: 5_000 }).toBe(false);
  }, 20_000);
});
