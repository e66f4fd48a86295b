import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { hasProc, pageSize, readProcesses } from "./proc.ts";
import { TreeMeter } from "./tree.ts";

const CHILD = join(import.meta.dirname, "child.ts");
const SAMPLE_MS = 50;

/** What a job's process says: the end of a stretch that is counted by itself, its answer, or why there is none. */
export type Told =
  | { kind: "mark"; name: string }
  | { kind: "done"; result: unknown }
  | { kind: "failed"; error: string };

export interface Measured<Result> {
  result: Result;
  /** Of the whole process tree, from the start of its first process until the answer. */
  cpuSeconds: number;
  wallSeconds: number;
  /** The most memory that the tree held at once. */
  peakMiB: number;
  /** Processes by the name of their program, as far as they lived longer than the time between two samples. */
  started: Record<string, number>;
  /** CPU seconds at each mark, in order. */
  marks: { name: string; cpuSeconds: number }[];
}

export interface RunningJob<Result> {
  process: ChildProcess;
  measured: Promise<Measured<Result>>;
}

export interface JobOptions {
  environment?: Record<string, string>;
  /** Options for Node: a profile, more memory. */
  nodeOptions?: string[];
}

/** Runs one of `bench/jobs` in a cold process of its own and measures the tree. */
export async function runJob<Result>(name: string, input: object, options: JobOptions = {}): Promise<Measured<Result>> {
  return await startJob<Result>(name, input, options).measured;
}

/** The same, for whoever wants to kill it. It leads a process group of its own. */
export function startJob<Result>(name: string, input: object, options: JobOptions = {}): RunningJob<Result> {
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), CHILD, name, JSON.stringify(input)], {
    stdio: ["ignore", "ignore", "pipe", "ipc"],
    detached: true,
    env: { ...process.env, ...options.environment },
  });
  return { process: child, measured: follow<Result>(name, child) };
}

function follow<Result>(name: string, child: ChildProcess): Promise<Measured<Result>> {
  const began = performance.now();
  const meter = meterOf(child);
  const sample = () => meter?.sample(readProcesses());
  const timer = setInterval(sample, SAMPLE_MS);
  const marks: Measured<Result>["marks"] = [];
  let errors = "";
  let answer: Measured<Result> | undefined;
  child.stderr?.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  return new Promise<Measured<Result>>((resolve, reject) => {
    child.on("message", (told: Told) => {
      // Its process waits for the answer, so everything up to now is in the sample and nothing of later.
      sample();
      if (told.kind === "mark") marks.push({ name: told.name, cpuSeconds: meter?.cpuSeconds ?? 0 });
      if (told.kind === "failed") reject(new Error(`${name}: ${told.error}`));
      if (told.kind === "done") {
        const wallSeconds = (performance.now() - began) / 1000;
        const { cpuSeconds = 0, peakPages = 0, started = {} } = meter ?? {};
        const peakMiB = (peakPages * pageSize()) / 2 ** 20;
        answer = { result: told.result as Result, cpuSeconds, wallSeconds, peakMiB, started, marks };
      }
      child.send("go on");
    });
    child.once("error", reject);
    child.once("close", (code, signal) => {
      if (answer !== undefined) resolve(answer);
      else reject(new Error(`${name} ended with ${signal ?? code}: ${errors.trim()}`));
    });
  }).finally(() => clearInterval(timer));
}

function meterOf({ pid }: ChildProcess): TreeMeter | undefined {
  if (!hasProc) return undefined;
  const root = readProcesses().find((process) => process.pid === pid);
  return root && new TreeMeter(root);
}
