import type { Clock } from "../kit.ts";
import { died } from "./errors.ts";

interface Lock {
  holders: number;
  exclusive: boolean;
  waiting: Set<() => void>;
}

/** The lock files of the VMs: held by a worker while it changes one, with the real error when the wait is too long. */
export class Locks {
  readonly #clock: Clock;
  readonly #locks = new Map<number, Lock>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Runs `work` under the lock; when it is free, without waiting first. @throws {PveError} "can't lock file … got timeout" */
  async hold<T>(vmid: number, waitMs: number, shared: boolean, work: () => Promise<T>): Promise<T> {
    if (!this.#take(vmid, shared)) await this.#wait(vmid, waitMs, shared);
    try {
      return await work();
    } finally {
      this.#release(vmid);
    }
  }

  #take(vmid: number, shared: boolean): boolean {
    const lock = this.#locks.get(vmid);
    if (!lock || lock.holders === 0) {
      this.#locks.set(vmid, { holders: 1, exclusive: !shared, waiting: lock?.waiting ?? new Set() });
      return true;
    }
    if (!shared || lock.exclusive) return false;
    lock.holders += 1;
    return true;
  }

  #wait(vmid: number, waitMs: number, shared: boolean): Promise<void> {
    const { waiting } = this.#locks.get(vmid)!;
    return new Promise((resolve, reject) => {
      const attempt = () => {
        if (!waiting.has(attempt) || !this.#take(vmid, shared)) return;
        waiting.delete(attempt);
        resolve();
      };
      waiting.add(attempt);
      this.#clock.after(waitMs, () => {
        if (!waiting.delete(attempt)) return;
        reject(died(`can't lock file '/var/lock/qemu-server/lock-${vmid}.conf' - got timeout`));
      });
    });
  }

  #release(vmid: number): void {
    const lock = this.#locks.get(vmid)!;
    lock.holders -= 1;
    if (lock.holders > 0) return;
    for (const attempt of [...lock.waiting]) attempt();
  }
}
