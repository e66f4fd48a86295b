import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { type ProcessIdentity, processStartTime } from "../../../controller/processes.ts";
import { tryKill } from "../../e2e/fleet.ts";

let holder: ChildProcess | undefined;
let engine: ProcessIdentity | undefined;

afterEach(() => {
  holder?.kill("SIGKILL");
  if (engine !== undefined) tryKill(engine.pid);
});

/** A controller whose engine is guarded for so long. */
async function begin(ms: number): Promise<void> {
  const child = spawn(process.execPath, [join(import.meta.dirname, "holder.ts"), crypto.randomUUID(), String(ms)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  holder = child;
  const [line] = await once(child.stdout, "data");
  const pid = Number(String(line));
  engine = { pid, startTime: processStartTime(pid)! };
}

const runs = () => processStartTime(engine!.pid) === engine!.startTime;

async function endsWithin(ms: number): Promise<boolean> {
  for (const until = performance.now() + ms; runs(); await sleep(50)) if (performance.now() > until) return false;
  return true;
}

describe("the watchdog of a run", () => {
  it("ends its engine when the lease is over, though the controller is stopped", async () => {
    await begin(3_000);
    holder!.kill("SIGSTOP");

    expect(runs()).toBe(true);
    expect(await endsWithin(20_000)).toBe(true);
  });

  it("ends its engine at once when the controller has died", async () => {
    await begin(600_000);
    await sleep(500);
    expect(runs()).toBe(true);

    holder!.kill("SIGKILL");

    expect(await endsWithin(20_000)).toBe(true);
  });
});
