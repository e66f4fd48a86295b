import { FleetError } from "../../resources/errors.ts";
import type { Changes } from "../changes/changes.ts";
import { beingReverted, revertsUnderWay } from "../changes/follow.ts";
import { changesAhead } from "../changes/steps.ts";
import { tidyPeople } from "../people/tidy.ts";
import { closeSuperseded } from "../reconcile/approvals.ts";
import { watchBeingMade } from "../reconcile/being-made.ts";
import type { Controller } from "../reconcile/context.ts";
import { type Desired, readDesired } from "../reconcile/desired.ts";
import { EventBuffer } from "../reconcile/event-buffer.ts";
import { machinesCome } from "../reconcile/port-machines.ts";
import type { ProgressEvent } from "../reconcile/progress.ts";
import { recover } from "../reconcile/recover.ts";
import { ChangeJobs } from "./change-jobs.ts";
import { ClockWatch } from "./clock.ts";
import { DriftPasses } from "./drift-passes.ts";
import { ExpiryGuard } from "./expiry-guard.ts";
import { laneStates, putLaneState } from "./lane-states.ts";
import { unsettledLanes } from "./lanes.ts";
import type { ServiceLog } from "./log.ts";
import { tellMade } from "./made.ts";
import type { BudgetLeft, Metrics } from "./metrics.ts";
import { Notifier } from "./notifier.ts";
import { eventOf } from "./progress-events.ts";
import { PullJobs } from "./pull-jobs.ts";
import { JobQueue, type LaneJob, type LaneWork } from "./queue.ts";
import { reconcileLane } from "./reconcile.ts";
import { SpendingWatch } from "./spending-watch.ts";
import { tellProgress } from "./tell-progress.ts";
import { Watcher } from "./watch.ts";

export interface ServiceSettings {
  /** The main line. */
  branch: string;
  pollMs: number;
  /** Between two drift passes over an account where the files do not say; 0 for none. */
  driftMs: number;
  /** When expired servers are stopped, in minutes after midnight UTC. Absent: never. */
  expireAt?: number;
  /** Runs, their events and dead letters are kept for so long. */
  keepDays: number;
  retryMs: number;
  retryLimit: number;
}

/** Machines that are being made are looked at so often. */
const MADE_MS = 15_000;
const DAY_MS = 24 * 3600 * 1000;
/** An approval that the policy gave says nothing new. */
const BY_POLICY = "policy: ";

/** The controller as a service: follows the main line, and keeps the fleet as it says until it is stopped. */
export class Service {
  readonly #controller: Controller;
  readonly #settings: ServiceSettings;
  readonly #log: ServiceLog;
  readonly #metrics: Metrics;
  readonly #watcher: Watcher;
  readonly #stopping = new AbortController();
  readonly #events: EventBuffer;
  #queue: JobQueue | undefined;
  #passes: DriftPasses | undefined;
  #notifier: Notifier | undefined;
  #spending: SpendingWatch | undefined;
  #guard: ExpiryGuard | undefined;
  #changes: ChangeJobs | undefined;
  #pulls: PullJobs | undefined;
  #desired: Desired | undefined;
  #planned: string | undefined;
  #recovered = false;
  #working = false;
  #loop: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #poked = false;
  #lookers: (() => void)[] = [];
  readonly #followers: ((desired: Desired) => void)[] = [];
  readonly #clock: ClockWatch;
  /** Machines that were last seen to have come for waiting ports, by account. */
  readonly #come = new Map<string, string>();
  #madeAt = Number.NEGATIVE_INFINITY;
  #prunedAt = Number.NEGATIVE_INFINITY;

  constructor(controller: Controller, settings: ServiceSettings, log: ServiceLog, metrics: Metrics) {
    this.#controller = controller;
    this.#settings = settings;
    this.#log = log;
    this.#metrics = metrics;
    this.#clock = new ClockWatch(controller);
    this.#events = new EventBuffer(controller.store);
    const { logger } = log;
    this.#watcher = new Watcher(controller, settings.branch, {
      onCommit: (desired) => {
        this.#desired = desired;
        this.#hideCredentials(desired);
        for (const follower of this.#followers) follower(desired);
        for (const note of desired.notes) logger.info({ commit: desired.commit }, note);
        logger.info({ commit: desired.commit }, "new commit");
      },
      onInvalid: (commit, problems) => {
        metrics.compileFailures.inc();
        for (const problem of problems) logger.error({ commit }, problem);
        logger.error({ commit, problems: problems.length }, "the commit is not valid; the last valid one stays");
      },
      onWarning: (text, nextLookMs) => {
        if (nextLookMs !== undefined) metrics.fetchFailures.inc();
        logger.warn(nextLookMs === undefined ? {} : { nextLookSeconds: Math.round(nextLookMs / 1000) }, text);
      },
    });
  }

  /** Begins: first it recovers what a dead process left. @throws {FleetError} STORE_FAILED, GIT_FAILED */
  async start(): Promise<void> {
    const { logger } = this.#log;
    const { retryMs, retryLimit, keepDays, driftMs, pollMs } = this.#settings;
    const queue = await JobQueue.open(this.#controller, {
      retryMs,
      retryLimit,
      keepDays,
      onDead: async (letter) => void (await this.#controller.store.event({ kind: "failure.dead", data: letter })),
      onError: (error) => logger.error({ error: error.message }, "the job queue has a problem"),
    });
    this.#queue = queue;
    // Whoever does not know the newest commit yet works by none: another process does.
    const desired = async (signal: AbortSignal) => ((await this.#watcher.isNewest(signal)) ? this.#desired : undefined);
    const { signal } = this.#stopping;
    this.#notifier = new Notifier(this.#controller, queue, this.#log, { desired, pollMs, signal });
    this.#spending = new SpendingWatch(this.#controller, this.#log, { desired, signal });
    this.#passes = new DriftPasses(this.#controller, {
      queue,
      log: this.#log,
      metrics: this.#metrics,
      fallbackMs: driftMs,
      pollMs,
      desired,
      answered: async (identity) => await this.#sendUnsettled(identity),
    });
    this.#changes = new ChangeJobs(this.#controller, {
      main: () => this.#commit(),
      // All are one lane: those that wait are looked at together.
      wake: async () => await queue.send("changes", "changes", "change"),
      poke: () => this.poke(),
      ahead: async (id) => await queue.send("ahead", id, "change"),
    });
    this.#pulls = new PullJobs(this.#controller, {
      queue,
      log: this.#log,
      changes: this.#changes,
      branch: this.#settings.branch,
      desired: () => this.#desired,
    });
    const committed = () => this.poke();
    this.#guard = new ExpiryGuard(this.#controller, this.#settings, { queue, logger, committed });
    await this.#guard.plan();
    this.#loop = this.#follow();
  }

  /** Once there is a commit to work on. */
  async #beginWork(): Promise<void> {
    if (this.#working) return;
    this.#working = true;
    const telling = (work: LaneWork) => this.#notifier!.telling(this.#spending!.after(work));
    await this.#queue!.work("reconcile", telling(this.#reconcile));
    await this.#queue!.work("own", telling(this.#reconcile));
    await this.#queue!.work("drift", telling(this.#passes!.work));
    const show: LaneWork = async (_job, _attempt, signal) => {
      await this.#changes!.show(signal).finally(() => this.#pulls!.nudge());
    };
    await this.#queue!.work("changes", telling(show));
    await this.#queue!.work("ahead", telling(this.#ahead));
    await this.#queue!.work("pulls", this.#notifier!.telling(this.#pulls!.work));
    await this.#queue!.work("expire", this.#notifier!.telling(this.#guard!.work));
    await this.#queue!.work("notifications", this.#notifier!.work);
  }

  /** @throws {FleetError} STORE_FAILED */
  #commit(): string {
    const commit = this.#watcher.good;
    if (commit === undefined) throw new FleetError("STORE_FAILED", "no commit has been compiled yet", {});
    return commit;
  }

  /** Once it has started. */
  get changes(): Changes {
    return this.#changes!.changes;
  }

  /** A forge has told of a pull request: has them looked at. */
  async pulled(): Promise<void> {
    await this.#pulls?.told();
  }

  /** Looks at the repository now, the remote included. */
  poke(): void {
    this.#poked = true;
    this.#wake?.();
  }

  /** Looks at the repository now, and resolves once it has. */
  async look(): Promise<void> {
    await new Promise<void>((looked) => {
      this.#lookers.push(looked);
      this.poke();
    });
  }

  /** The last valid commit, compiled: what whoever reads the fleet is answered from. Undefined before the first. */
  get desired(): Desired | undefined {
    return this.#desired;
  }

  /** Has somebody told of each valid commit of the main line, from now on. */
  onCommit(follower: (desired: Desired) => void): void {
    this.#followers.push(follower);
  }

  /** Why it is not ready to serve; undefined when it is. */
  async unready(): Promise<string | undefined> {
    if (this.#stopping.signal.aborted) return "it is stopping";
    if (this.#queue?.running !== true) return "the job queue does not run";
    if (this.#watcher.good === undefined) return "no commit has been compiled yet";
    try {
      await this.#controller.store.setting("fleet.id");
      return undefined;
    } catch (error) {
      return (error as Error).message;
    }
  }

  /** What is left of each account's limits. */
  budgets(): BudgetLeft[] {
    return [...(this.#desired?.accounts.values() ?? [])].flatMap(({ spec }) => {
      try {
        const scopes = Object.entries(this.#controller.account(spec).budget.left?.() ?? {});
        return scopes.map(([scope, { left }]) => ({ account: spec.name, scope, left }));
      } catch {
        // An account without credentials sends nothing.
        return [];
      }
    });
  }

  /** Told of what the steps of a reconcile do. */
  readonly progress = (event: ProgressEvent): void => {
    tellProgress(event, this.#log.logger, this.#metrics);
    const told = eventOf(event);
    if (told !== undefined) this.#events.put(told);
  };

  /** Takes no new work, and resolves when what is under way has ended. What waits is there at the next start. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wake?.();
    await this.#loop;
    await this.#queue?.stop();
    await this.#events.close();
  }

  async #follow(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      const urgent = this.#poked;
      this.#poked = false;
      try {
        await this.#tick(urgent);
      } catch (error) {
        if (!signal.aborted)
          this.#log.logger.error({ code: codeOf(error), error: wordsOf(error) }, "a look has failed; it comes again");
      }
      if (!this.#poked && !signal.aborted) await this.#pause();
    }
  }

  #pause(): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, this.#settings.pollMs);
      this.#wake = () => {
        clearTimeout(timer);
        done();
      };
    });
  }

  async #tick(urgent: boolean): Promise<void> {
    const queue = this.#queue!;
    const { steady, store } = this.#controller;
    if (!this.#recovered) await this.#recover();
    await this.#heedClock();
    await this.#controller.renewCredentials?.();
    const before = this.#watcher.good;
    const lookers = this.#lookers.splice(0);
    await this.#watcher.look(this.#stopping.signal, urgent).finally(() => {
      for (const looked of lookers) looked();
    });
    this.#metrics.setCommit("head", this.#watcher.head);
    this.#metrics.setCommit("valid", this.#watcher.good);
    const taken = await queue.takeOver();
    if (taken > 0) {
      this.#log.logger.warn({ jobs: taken }, "took over jobs of a process that is gone");
      await this.#recover();
    }
    const isNewest = await this.#watcher.isNewest(this.#stopping.signal);
    const desired = this.#desired;
    if (desired === undefined || !isNewest) return;
    if (before !== this.#watcher.good) await this.#passes!.plan(desired);
    await this.#plan(desired, before === undefined ? "start" : "commit");
    await this.#changes!.follow(desired, this.#stopping.signal);
    await this.#pulls!.nudge();
    await this.#sendTimely();
    await this.#passes!.followRuns(desired);
    await this.#notifier!.look();
    // Only now: who is to be told is known from then on, and hears of nothing that was before.
    await this.#spending!.lookAgain();
    await this.#beginWork();
    if (steady() - this.#madeAt >= MADE_MS) {
      this.#madeAt = steady();
      await this.#watchMade(desired);
    }
    if (steady() - this.#prunedAt >= DAY_MS) {
      this.#prunedAt = steady();
      const { runs, events, requests } = await store.prune(this.#settings.keepDays);
      const unsent = await store.pruneNotifications(this.#settings.keepDays);
      if (unsent > 0) this.#log.logger.error({ notifications: unsent }, "gave up notifications that could not be sent");
      if (runs + events + requests > 0)
        this.#log.logger.info({ runs, events, requests }, "removed old runs, events and answers to requests");
      await store.tidyServerSecrets();
      const entries = await tidyPeople(this.#controller);
      if (entries > 0) this.#log.logger.info({ entries }, "removed old entries of the audit log");
    }
  }

  async #heedClock(): Promise<void> {
    const byMs = this.#clock.jumped();
    if (byMs === undefined) return;
    const seconds = Math.round(Math.abs(byMs) / 1000);
    this.#log.logger.warn(
      { seconds },
      `the clock was set ${byMs < 0 ? "back" : "forward"}: what waits for a time comes now`,
    );
    await this.#queue!.sendAllNow();
  }

  async #recover(): Promise<void> {
    const recovered = await recover(this.#controller, this.#stopping.signal);
    this.#recovered = true;
    if (recovered.length > 0) this.#log.logger.warn({ runs: recovered.length }, "recovered what a dead process left");
  }

  /** Sends every lane that is not as the files say, once for each commit, each approval that a person has given and each change that brings something back. */
  async #plan(desired: Desired, why: string): Promise<void> {
    const { store } = this.#controller;
    const open = [...(await store.openApprovals()).values()];
    const given = open
      .filter(({ approvedBy }) => !approvedBy.startsWith(BY_POLICY))
      .map(({ effectHash }) => effectHash);
    // Where a pull request lets go of what it was executed for, its lanes have something to do again.
    const ahead = (await changesAhead(this.#controller)).map(({ id }) => id);
    // These have no commit that would be new, and their approval may be a policy's.
    const reverting = await revertsUnderWay(this.#controller);
    const plan = [desired.commit, ...given.sort(), ...ahead, ...reverting.map(({ id }) => id)].join(" ");
    if (plan === this.#planned) return;
    const besides = new Set(reverting.flatMap(({ reverts = [] }) => reverts));
    const lanes = await unsettledLanes(this.#controller, desired, besides);
    const unsettled = new Set([...lanes.values()].flatMap(({ objects }) => [...objects]));
    // What is as the files say needs no approval any more; one that was given for this very commit may be for what a hand has changed.
    await closeSuperseded(
      this.#controller,
      { preview: { commit: desired.commit, effects: [] } },
      ({ object, commit }) => object !== undefined && !unsettled.has(object) && commit !== desired.commit,
    );
    for (const lane of lanes.values())
      await this.#queue!.reconcile(lane.name, this.#planned?.startsWith(desired.commit) ? "approval" : why);
    this.#planned = plan;
    await this.#countLanes(desired, lanes.size);
  }

  /** Lanes whose window has opened, or whose freeze is over. */
  async #sendTimely(): Promise<void> {
    const { store, now } = this.#controller;
    for (const { lane, until } of await laneStates(store))
      if (until !== undefined && Date.parse(until) <= now()) await this.#queue!.reconcile(lane, "its time has come");
  }

  async #countLanes(desired: Desired, unsettled: number): Promise<void> {
    const states = await laneStates(this.#controller.store);
    this.#metrics.waitingLanes.set(states.filter(({ state }) => state === "waiting").length);
    if (unsettled === 0) this.#metrics.setCommit("applied", desired.commit);
  }

  readonly #reconcile = async ({ lane, why }: LaneJob, attempt: number, signal: AbortSignal): Promise<void> => {
    // It may be for a commit that only the controller on another machine has yet.
    if (!(await this.#watcher.isNewest(signal))) return await this.#queue!.reconcile(lane, why, this.#settings.pollMs);
    // A job of an earlier process, before the first compile of this one: the plan sends it anew.
    const commit = this.#commit();
    const { store, now, steady } = this.#controller;
    const { logger } = this.#log;
    await this.#log.during({ lane, commit }, async () => {
      const begunAt = steady();
      const at = () => new Date(now()).toISOString();
      const observe = (outcome: string) =>
        this.#metrics.reconcileSeconds.observe({ outcome }, (steady() - begunAt) / 1000);
      logger.info({ why, attempt }, "reconciling");
      try {
        const { state, reason, until, waiting, execution } = await reconcileLane(
          this.#controller,
          lane,
          commit,
          signal,
          this.#changes!.take,
        );
        observe(state);
        const words = { ...(reason && { reason }), ...(until && { until }), ...(waiting.length > 0 && { waiting }) };
        await putLaneState(store, { lane, state, commit, at: at(), ...words });
        if (until !== undefined) logger.info({ ...words, ...execution }, "waits for its time");
        else if (state === "waiting") logger.warn({ ...words, ...execution }, "waits for a person");
        else logger.info({ ...execution, ms: Math.round(steady() - begunAt) }, "converged");
      } catch (error) {
        observe("failed");
        await putLaneState(store, { lane, state: "failed", commit, at: at(), reason: wordsOf(error) });
        logger.error({ code: codeOf(error), reason: wordsOf(error), attempt }, "the lane has failed and comes again");
        throw error;
      }
      await this.#changes!.follow(this.#desired!, signal);
      await this.#pulls!.nudge();
      await this.#countLanes(this.#desired!, (await unsettledLanes(this.#controller, this.#desired!)).size);
    });
    // What the head has become meanwhile is for the next pass.
    if (this.#watcher.good !== commit) await this.#queue!.reconcile(lane, "commit");
  };

  /** A pull request that is executed before its merge. */
  readonly #ahead: LaneWork = async ({ lane: change, why }, attempt, signal) => {
    if (!(await this.#watcher.isNewest(signal)))
      return await this.#queue!.send("ahead", change, why, this.#settings.pollMs);
    const { logger } = this.#log;
    await this.#log.during({ change }, async () => {
      try {
        await this.#changes!.ahead(change, signal);
      } catch (error) {
        logger.error({ code: codeOf(error), reason: wordsOf(error), attempt }, "a pull request could not be executed");
        throw error;
      } finally {
        await this.#pulls!.nudge();
      }
    });
  };

  /** The account answers: what has given up on it comes again. */
  async #sendUnsettled(account: string): Promise<void> {
    const desired = this.#desired;
    if (desired === undefined) return;
    const failed = new Set(
      (await laneStates(this.#controller.store)).filter(({ state }) => state === "failed").map(({ lane }) => lane),
    );
    const besides = await beingReverted(this.#controller);
    for (const lane of (await unsettledLanes(this.#controller, desired, besides)).values())
      if (lane.account === account && failed.has(lane.name)) await this.#queue!.reconcile(lane.name, "account answers");
  }

  async #watchMade(desired: Desired): Promise<void> {
    const { store } = this.#controller;
    const { signal } = this.#stopping;
    for (const [account, come] of await machinesCome(this.#controller, desired, signal)) {
      // Once for each that comes: what could not be plugged in is for the next pass.
      if (this.#come.get(account) === come) continue;
      this.#come.set(account, come);
      await this.#passes!.plugIn(account);
    }
    if ((await store.objects({ kind: "Server", provisioning: true })).length === 0) return;
    const current = await readDesired(this.#controller, desired.commit, signal);
    const watched = await watchBeingMade(this.#controller, current, signal);
    tellMade(watched, this.#log.logger);
    if (watched.ready.some(({ differs }) => differs) || watched.gone.length > 0) {
      this.#planned = undefined;
      await this.#plan(desired, "a machine is ready");
    }
  }

  #hideCredentials(desired: Desired): void {
    for (const { spec } of desired.byIdentity.values()) {
      try {
        this.#log.hide(Object.values(this.#controller.account(spec).credentials));
      } catch {
        // What is not set cannot be told.
      }
    }
  }
}

const codeOf = (error: unknown): string => (error instanceof FleetError ? error.code : "BUG");
const wordsOf = (error: unknown): string =>
  error instanceof FleetError ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error);
