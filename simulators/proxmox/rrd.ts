import { loadAt, samplesSince } from "../load.ts";
import type { Vm } from "./cluster.ts";
import type { Summary } from "./summary.ts";

/** Between two samples. */
const STEPS_MS: Readonly<Record<string, number>> = {
  hour: 60_000,
  day: 1_800_000,
  week: 10_800_000,
  month: 43_200_000,
  year: 604_800_000,
};
const SAMPLES = 70;

/** Figures of a machine as `rrddata` tells them; of a time at which it did not run there is the time alone. */
export function rrdView(vm: Vm, { maxcpu, maxmemBytes }: Summary, timeframe: string, now: number): object[] {
  const step = STEPS_MS[timeframe] ?? STEPS_MS.hour!;
  const measured = new Set(vm.startedAt === undefined ? [] : samplesSince(vm.startedAt, now, step, SAMPLES));
  return samplesSince(0, now, step, SAMPLES).map((ms) => {
    if (!measured.has(ms)) return { time: ms / 1000 };
    const { cpu, netIn, netOut, diskRead, diskWrite } = loadAt(vm.vmid, ms);
    return {
      time: ms / 1000,
      cpu,
      maxcpu,
      mem: Math.round(maxmemBytes * (0.3 + cpu / 2)),
      maxmem: maxmemBytes,
      netin: netIn,
      netout: netOut,
      diskread: diskRead,
      diskwrite: diskWrite,
    };
  });
}
