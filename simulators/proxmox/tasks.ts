import type { Clock } from "../kit.ts";
import { badParameters } from "./errors.ts";

interface Task {
  upid: string;
  node: string;
  pid: number;
  pstart: number;
  /** Epoch seconds. */
  starttime: number;
  endtime?: number;
  type: string;
  id: string;
  user: string;
  log: string[];
  /** Absent while it runs; "OK" or the error's text. */
  exitstatus?: string;
}

/** What a worker may do while it runs. */
interface Worker {
  say(line: string): void;
  sleep(ms: number): Promise<void>;
}

/** The cluster's workers. Each gets a UPID at once and goes on by itself, whether or not anybody still listens. */
export class Tasks {
  readonly #clock: Clock;
  readonly #all = new Map<string, Task>();
  #pid = 4096;
  readonly #bootedAt: number;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#bootedAt = clock.now() - 86_400_000;
  }

  /** Runs `work` up to its first wait before it returns, as the real worker has begun by the time the caller reads the answer. */
  start(node: string, type: string, id: string, user: string, work: (worker: Worker) => Promise<void>): string {
    const now = this.#clock.now();
    this.#pid += 1;
    const fields = {
      pid: this.#pid,
      pstart: Math.floor((now - this.#bootedAt) / 10),
      starttime: Math.floor(now / 1000),
    };
    const numbers = [fields.pid, fields.pstart, fields.starttime].map(hex8);
    const upid = ["UPID", node, ...numbers, type, id, user, ""].join(":");
    const task: Task = { upid, node, ...fields, type, id, user, log: [] };
    this.#all.set(upid, task);
    const worker: Worker = {
      say: (line) => void task.log.push(line),
      sleep: (ms) => this.#clock.sleep(ms),
    };
    work(worker).then(
      () => this.#end(task, "OK"),
      (error: unknown) => this.#end(task, error instanceof Error ? error.message : String(error)),
    );
    return upid;
  }

  /** @throws {PveError} 400 with the real texts for a malformed and for an unknown UPID. */
  get(upid: string): Task {
    if (!UPID.test(upid)) throw badParameters({ upid: "unable to parse worker upid" });
    const task = this.#all.get(upid);
    if (!task) throw badParameters({ upid: "no such task" });
    return task;
  }

  /** Newest first. */
  list(): Task[] {
    return [...this.#all.values()].reverse();
  }

  #end(task: Task, exitstatus: string): void {
    task.exitstatus = exitstatus;
    task.endtime = Math.floor(this.#clock.now() / 1000);
    task.log.push(exitstatus === "OK" ? "TASK OK" : `TASK ERROR: ${exitstatus}`);
  }
}

const UPID =
  /^UPID:[a-zA-Z0-9]([a-zA-Z0-9-]*[a-zA-Z0-9])?:[0-9A-F]{8}:[0-9A-F]{8,9}:[0-9A-F]{8}:[^:\s/]+:[^:\s/]*:[^:\s/]+:$/i;

function hex8(value: number): string {
  return value.toString(16).toUpperCase().padStart(8, "0");
}
