import { spawn } from "node:child_process";
import { describe, expect, it } from "vitest";
import { hasProc, type ProcessTimes, parseStat, readProcesses } from "../../bench/measure/proc.ts";
import { TreeMeter } from "../../bench/measure/tree.ts";

/** Times in ticks of 10 ms. */
function times(pid: number, ppid: number, own: number, waited = 0, startTime = pid): ProcessTimes {
  return { pid, ppid, name: "node", startTime, own, waited, pages: 0 };
}

const INIT = times(1, 0, 5000, 9000);

function meterOf(...samples: ProcessTimes[][]): TreeMeter {
  const meter = new TreeMeter(times(10, 2, 0));
  for (const sample of samples) meter.sample([INIT, ...sample]);
  return meter;
}

describe("a line of /proc/PID/stat", () => {
  const rest = "S 4 10 10 0 -1 4194560 100 0 0 0 150 25 40 7 20 0 3 0 8812 1000 200";

  it("gives parent, start and both kinds of time", () => {
    expect(parseStat(`77 (node) ${rest}`)).toEqual({
      pid: 77,
      ppid: 4,
      name: "node",
      startTime: 8812,
      own: 175,
      waited: 47,
      pages: 200,
    });
  });

  it("is read behind a name with blanks and brackets", () => {
    expect(parseStat(`77 (a ) S 1 (b) ${rest}`)).toMatchObject({
      pid: 77,
      ppid: 4,
      name: "a ) S 1 (b",
      own: 175,
    });
  });
});

describe("the time of a process tree", () => {
  it("is that of the process, its children and theirs, whatever their order", () => {
    const meter = meterOf([times(12, 11, 30), times(11, 10, 20), times(10, 2, 10)]);

    expect(meter.cpuSeconds).toBe(0.6);
  });

  it("leaves out processes of others", () => {
    const meter = meterOf([times(10, 2, 10), times(20, 2, 700), times(21, 20, 700)]);

    expect(meter.cpuSeconds).toBe(0.1);
  });

  it("counts a child that has ended once, through the parent that waited for it", () => {
    const meter = meterOf([times(10, 2, 10), times(11, 10, 20)], [times(10, 2, 12, 25)]);

    expect(meter.cpuSeconds).toBe(0.37);
  });

  it("counts a detached process on when its parent has ended", () => {
    const meter = meterOf(
      [times(10, 2, 10), times(11, 10, 20), times(12, 11, 30)],
      [times(10, 2, 10, 20), times(12, 1, 80)],
      [times(10, 2, 10, 20), times(12, 1, 90), times(13, 12, 5)],
    );

    expect(meter.cpuSeconds).toBe(1.25);
  });

  it("keeps what an orphan was last seen to have used when it ends", () => {
    const meter = meterOf(
      [times(10, 2, 10), times(11, 10, 20), times(12, 11, 30)],
      [times(10, 2, 10, 20), times(12, 1, 80)],
      [times(10, 2, 10, 20)],
    );

    expect(meter.cpuSeconds).toBe(1.1);
  });

  it("comes with the most memory that all held at once", () => {
    const holding = (pages: number, process: ProcessTimes) => ({ ...process, pages });
    const meter = meterOf(
      [holding(10, times(10, 2, 1)), holding(50, times(11, 10, 1))],
      [holding(40, times(10, 2, 1)), holding(900, times(20, 2, 1))],
    );

    expect(meter.peakPages).toBe(60);
  });

  it("counts the processes of each program once, by the name that they took on", () => {
    const engine = { ...times(11, 10, 1), name: "pulumi" };
    const meter = meterOf([times(10, 2, 1), times(11, 10, 1)], [times(10, 2, 1), engine], [times(10, 2, 1), engine]);

    expect(meter.started).toEqual({ node: 1, pulumi: 1 });
  });

  it("does not take a later process with the same pid for the one that ended", () => {
    const meter = meterOf([times(10, 2, 10), times(11, 10, 20)], [times(10, 2, 10, 20), times(11, 2, 700, 0, 999)]);

    expect(meter.cpuSeconds).toBe(0.3);
  });

  it.runIf(hasProc)(
    "is what a real child has used, a detached one too",
    async () => {
      const burn = "const end = process.cpuUsage().user + 300_000; while (process.cpuUsage().user < end);";
      const child = spawn(process.execPath, ["-e", `${burn} setTimeout(() => {}, 60_000)`], { detached: true });
      try {
        const own = readProcesses().find(({ pid }) => pid === process.pid)!;
        const meter = new TreeMeter(own);
        const before = own.own + own.waited;
        const deadline = performance.now() + 20_000;
        let used = 0;
        while (used < 0.3 && performance.now() < deadline) {
          await new Promise((done) => setTimeout(done, 20));
          const all = readProcesses();
          meter.sample(all);
          used = all.filter(({ pid }) => pid === child.pid).reduce((sum, { own }) => sum + own / 100, 0);
        }

        expect(used).toBeGreaterThanOrEqual(0.3);
        expect(meter.cpuSeconds - before / 100).toBeGreaterThanOrEqual(0.3);
      } finally {
        child.kill("SIGKILL");
      }
    },
    30_000,
  );
});
