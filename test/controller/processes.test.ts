import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { afterEach, describe, expect, it } from "vitest";
import { endProcesses, findByEnvironment, isAlive, processStartTime } from "../../controller/processes.ts";

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

async function startChild(env: Record<string, string> = {}, script = "setInterval(() => {}, 1000)"): Promise<number> {
  const child = spawn(process.execPath, ["-e", `console.log("up"); ${script}`], {
    env: { ...process.env, ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  await once(child.stdout, "data");
  return child.pid!;
}

describe("processes", () => {
  it("tells the same start time for as long as a process runs, and none after it", async () => {
    const pid = await startChild();
    const startTime = processStartTime(pid)!;

    expect(startTime).toMatch(/\d/);
    expect(isAlive(pid, startTime)).toBe(true);

    const left = await endProcesses([{ pid, startTime }], { graceMs: 5_000 });

    expect(left).toEqual([]);
    expect(processStartTime(pid)).toBeUndefined();
    expect(isAlive(pid, startTime)).toBe(false);
  });

  it("finds a process, and its children, by a whole variable of its environment", async () => {
    const run = `run-${process.pid}-${Date.now()}`;
    const own = await startChild({ FLEETWRIGHT_TEST_RUN: run });
    const other = await startChild({ FLEETWRIGHT_TEST_RUN: `${run}0` });

    const found = findByEnvironment("FLEETWRIGHT_TEST_RUN", run);

    expect(found).toEqual([{ pid: own, startTime: processStartTime(own) }]);
    expect(found.map(({ pid }) => pid)).not.toContain(other);
  });

  it("ends a process that ignores polite signals", async () => {
    const pid = await startChild({}, `process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)`);

    const left = await endProcesses([{ pid, startTime: processStartTime(pid)! }], { graceMs: 5_000 });

    expect(left).toEqual([]);
  });

  it("leaves a stranger alone that has got the pid since", async () => {
    const pid = await startChild();

    const left = await endProcesses([{ pid, startTime: "1" }], { graceMs: 200 });

    expect(left).toEqual([]);
    expect(processStartTime(pid)).toBeDefined();
  });

  it("takes a zombie for gone", async () => {
    // A shell that never waits for its child, replaced by a program that knows nothing of it.
    const shell = spawn("/bin/sh", ["-c", "sleep 0 & echo $!; exec sleep 60"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(shell);
    const [output] = (await once(shell.stdout, "data")) as [Buffer];
    const zombie = Number(String(output));

    await expect.poll(() => processStartTime(zombie)).toBeUndefined();
  });
});
