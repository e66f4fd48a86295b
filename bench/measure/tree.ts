import { type ProcessTimes, TICKS_PER_SECOND } from "./proc.ts";

/**
 * CPU time of a process and of everything it has started, detached or not. It learns from samples: a process belongs to the tree when its
 * parent did, and goes on belonging when the parent ends. What has ended counts through the parent that waited for it; an orphan, which nobody
 * of the tree waits for, counts with what the last sample saw of it.
 */
export class TreeMeter {
  readonly #members = new Map<string, ProcessTimes>();
  /** Programs of all that ever were members. */
  readonly #names = new Map<string, string>();
  /** Ticks of members that ended as orphans. */
  #orphaned = 0;
  #peakPages = 0;

  constructor(root: ProcessTimes) {
    this.#members.set(keyOf(root), root);
  }

  /** Takes in all processes as they are now, the whole machine's. */
  sample(processes: readonly ProcessTimes[]): void {
    const present = new Map(processes.map((process) => [keyOf(process), process]));
    for (const [key, last] of [...this.#members]) {
      const now = present.get(key);
      if (now !== undefined) this.#members.set(key, now);
      else this.#end(key, last, processes);
    }
    // Until nothing is added, because children may come before their parents.
    for (let before = -1; before !== this.#members.size; ) {
      before = this.#members.size;
      const pids = new Set([...this.#members.values()].map(({ pid }) => pid));
      for (const [key, process] of present) {
        if (!this.#members.has(key) && pids.has(process.ppid)) this.#members.set(key, process);
      }
    }
    // The last name counts: between fork and exec a child is called like its parent.
    for (const [key, { name }] of this.#members) this.#names.set(key, name);
    const pages = [...this.#members.values()].reduce((sum, process) => sum + process.pages, 0);
    this.#peakPages = Math.max(this.#peakPages, pages);
  }

  /** The most memory that all members held at once, in pages; what they share counts for each. */
  get peakPages(): number {
    return this.#peakPages;
  }

  /** Processes that the samples saw, by program. */
  get started(): Record<string, number> {
    const counts: Record<string, number> = {};
    for (const name of this.#names.values()) counts[name] = (counts[name] ?? 0) + 1;
    return counts;
  }

  /** User and system seconds so far, as of the last sample. */
  get cpuSeconds(): number {
    let ticks = this.#orphaned;
    for (const { own, waited } of this.#members.values()) ticks += own + waited;
    return ticks / TICKS_PER_SECOND;
  }

  /** Processes of the tree that the last sample has seen, for whoever has to end them. */
  get pids(): number[] {
    return [...this.#members.values()].map(({ pid }) => pid);
  }

  #end(key: string, last: ProcessTimes, processes: readonly ProcessTimes[]): void {
    this.#members.delete(key);
    const isWaitedFor = [...this.#members.values()].some(({ pid }) => pid === last.ppid);
    // A parent that has ended in the same moment has taken its share with it to its own parent.
    const parentEnded = !processes.some(({ pid }) => pid === last.ppid);
    if (!isWaitedFor && !parentEnded) this.#orphaned += last.own + last.waited;
  }
}

const keyOf = ({ pid, startTime }: ProcessTimes): string => `${pid} ${startTime}`;
