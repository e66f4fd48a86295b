import { FleetError } from "../../resources/errors.ts";
import { formatProblem } from "../fleet/problem.ts";
import type { Controller } from "../reconcile/context.ts";
import { type Desired, FleetInvalid, readDesired } from "../reconcile/desired.ts";
import { fastForward, upstreamOf } from "../repo/remote.ts";
import { backoffMs } from "./schedule.ts";

/** The last commit that was valid: what a start with a broken head goes on with, and what controllers on other machines must have as well. */
const GOOD = "serve.commit";
/** A remote that is gone is asked ever less often. */
const REMOTE_BACKOFF = { firstMs: 5_000, longestMs: 5 * 60 * 1000 };

export interface WatchEvents {
  /** A commit that is valid, and another than before. */
  onCommit(desired: Desired): void;
  /** A head that is not valid, with its problems as file:line:column; told once. */
  onInvalid(commit: string, problems: string[]): void;
  /** Something that mends itself, or that a person must see: a remote that is gone, a branch that cannot be moved. */
  onWarning(text: string, nextLookMs?: number): void;
}

/** Follows the main line of the fleet repository, and keeps the last commit of it that is valid. */
export class Watcher {
  readonly #controller: Controller;
  readonly #branch: string;
  readonly #events: WatchEvents;
  #head: string | undefined;
  #good: string | undefined;
  #refused: string | undefined;
  #failures = 0;
  #askRemoteAt = Number.NEGATIVE_INFINITY;
  #warned: string | undefined;
  #behind: string | undefined;
  #looking: Promise<void> = Promise.resolve();
  #asking: Promise<void> | undefined;

  constructor(controller: Controller, branch: string, events: WatchEvents) {
    this.#controller = controller;
    this.#branch = branch;
    this.#events = events;
  }

  /** Of the branch, whether it is valid or not. */
  get head(): string | undefined {
    return this.#head;
  }

  /** The last one that is valid; undefined before the first. */
  get good(): string | undefined {
    return this.#good;
  }

  /**
   * Whether no controller on another machine works from a later commit: one that went on from an earlier one would undo what that has done. Asks the remote where
   * it must.
   */
  async isNewest(signal: AbortSignal): Promise<boolean> {
    const { shared, store } = this.#controller;
    if (!shared || this.#good === undefined) return this.#good !== undefined;
    const told = await store.setting(GOOD);
    if (told === undefined || (await this.#has(told))) return true;
    this.#asking ??= this.look(signal, true).finally(() => {
      this.#asking = undefined;
    });
    await this.#asking;
    if (await this.#has(told)) return true;
    const text = `another controller works from ${told.slice(0, 10)}, which is not in ${this.#branch} here: nothing is done until it is, or until a later commit comes`;
    if (this.#behind !== told) this.#events.onWarning(text);
    this.#behind = told;
    return false;
  }

  async #has(commit: string): Promise<boolean> {
    return commit === this.#good || (await this.#controller.repo.isAncestor(commit, this.#good!));
  }

  /** Looks once. `urgent` asks a remote that is not due yet. @throws {FleetError} when it cannot be told what the head means. */
  async look(signal: AbortSignal, urgent = false): Promise<void> {
    // One after the other: two fetches at once get into each other's way.
    const look = this.#looking.then(() => this.#lookNow(signal, urgent));
    this.#looking = look.catch(() => undefined);
    await look;
  }

  async #lookNow(signal: AbortSignal, urgent: boolean): Promise<void> {
    const { repo, steady } = this.#controller;
    if (urgent || steady() >= this.#askRemoteAt) await this.#fetch();
    const head = await repo.head(`refs/heads/${this.#branch}`);
    this.#head = head;
    if (head === this.#good || head === this.#refused) return;
    try {
      await this.#take(await readDesired(this.#controller, head, signal));
    } catch (error) {
      if (!(error instanceof FleetInvalid)) throw error;
      this.#refused = head;
      this.#events.onInvalid(head, error.problems.map(formatProblem));
      if (this.#good === undefined) await this.#takeEarlier(signal);
    }
  }

  /** At a start whose head is broken. */
  async #takeEarlier(signal: AbortSignal): Promise<void> {
    const earlier = await this.#controller.store.setting(GOOD);
    if (earlier === undefined) return;
    try {
      await this.#take(await readDesired(this.#controller, await this.#controller.repo.head(earlier), signal));
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      this.#events.onWarning(`the last valid commit ${earlier.slice(0, 10)} cannot be gone on with: ${error.message}`);
    }
  }

  async #take(desired: Desired): Promise<void> {
    const isStart = this.#good === undefined;
    this.#good = desired.commit;
    this.#refused = desired.commit === this.#head ? undefined : this.#refused;
    if (!(await this.#isBehind(isStart))) await this.#controller.store.putSetting(GOOD, desired.commit);
    this.#events.onCommit(desired);
  }

  /**
   * Whether another controller works from a commit that comes later than ours. One that not even the remote has is taken for later by a start alone:
   * what arrives after that is later still, and so a lost commit holds nobody up for good.
   */
  async #isBehind(isStart: boolean): Promise<boolean> {
    const { shared, store, repo } = this.#controller;
    const told = shared ? await store.setting(GOOD) : undefined;
    if (told === undefined || (await this.#has(told))) return false;
    if (isStart) return true;
    await this.#fetch();
    return this.#failures > 0 || (await repo.isAncestor(this.#good!, told));
  }

  async #fetch(): Promise<void> {
    const { repo, steady } = this.#controller;
    try {
      const upstream = await upstreamOf(repo.dir, this.#branch);
      const obstacle = upstream && (await fastForward(repo.dir, this.#branch, upstream, repo.alone));
      this.#failures = 0;
      this.#askRemoteAt = Number.NEGATIVE_INFINITY;
      // Said once, for as long as it is the same.
      if (obstacle !== undefined && obstacle !== this.#warned) this.#events.onWarning(obstacle);
      this.#warned = obstacle;
    } catch (error) {
      if (!(error instanceof FleetError)) throw error;
      this.#failures += 1;
      const waitMs = backoffMs(this.#failures, REMOTE_BACKOFF);
      this.#askRemoteAt = steady() + waitMs;
      this.#events.onWarning(error.message, waitMs);
    }
  }
}
