import { readdirSync, readFileSync } from "node:fs";

export interface FoundProcess {
  pid: number;
  command: string;
  environment: Record<string, string>;
}

/** All processes whose environment can be read, with what they were started with. */
export function allProcesses(): FoundProcess[] {
  return readdirSync("/proc").flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid) || pid === process.pid) return [];
    try {
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      const text = readFileSync(`/proc/${pid}/environ`, "utf8");
      const pairs = text
        .split("\0")
        .map((pair) => [pair.split("=", 1)[0]!, pair.slice(pair.indexOf("=") + 1)] as const);
      return command === "" ? [] : [{ pid, command, environment: Object.fromEntries(pairs) }];
    } catch {
      return [];
    }
  });
}

/** Engines and plugins that runs of this data folder have started and that are still there. */
export function runProcesses(dataDir: string): FoundProcess[] {
  return allProcesses().filter(
    ({ environment: { FLEETWRIGHT_RUN: run, PULUMI_HOME: home } }) =>
      run !== undefined && home?.startsWith(`${dataDir}/`),
  );
}
