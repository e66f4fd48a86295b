import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";
import type { Store } from "../store/types.ts";
import { depths } from "./letters.ts";

/** Counts and durations of one service, in the form that Prometheus reads. */
export class Metrics {
  readonly registry = new Registry();
  readonly #with = { registers: [this.registry] };
  readonly reconcileSeconds = new Histogram({
    name: "fleetwright_reconcile_duration_seconds",
    help: "Reconciles of lanes, by how they ended: converged, waiting, failed",
    labelNames: ["outcome"],
    buckets: [0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3600],
    ...this.#with,
  });
  readonly engineRuns = new Counter({
    name: "fleetwright_engine_runs_total",
    help: "Runs of the engine, by kind and outcome",
    labelNames: ["kind", "outcome"],
    ...this.#with,
  });
  readonly cloudCalls = new Counter({
    name: "fleetwright_cloud_calls_total",
    help: "Requests to clouds, those of plugins through the gateway among them, by account and verdict",
    labelNames: ["account", "verdict"],
    ...this.#with,
  });
  readonly compileFailures = new Counter({
    name: "fleetwright_compile_failures_total",
    help: "Commits of the main line that were not valid",
    ...this.#with,
  });
  readonly fetchFailures = new Counter({
    name: "fleetwright_fetch_failures_total",
    help: "Fetches from the remote that failed",
    ...this.#with,
  });
  readonly drift = new Gauge({
    name: "fleetwright_drift_objects",
    help: "What the last pass over an account found, by kind: changed, gone, orphan, foreign",
    labelNames: ["account", "kind"],
    ...this.#with,
  });
  readonly driftAt = new Gauge({
    name: "fleetwright_drift_pass_timestamp_seconds",
    help: "When the last pass over an account ended",
    labelNames: ["account"],
    ...this.#with,
  });
  readonly commit = new Gauge({
    name: "fleetwright_commit_info",
    help: "1 for the commit that is the head, the last valid one (valid), and the last that everything has converged to (applied)",
    labelNames: ["what", "commit"],
    ...this.#with,
  });
  readonly waitingLanes = new Gauge({
    name: "fleetwright_lanes_waiting",
    help: "Lanes that wait for a person: an approval, or a guard",
    ...this.#with,
  });

  /** `budgets` answers what is left of each account's limits now. */
  constructor(store: Pick<Store, "jobs">, budgets: () => BudgetLeft[]) {
    const { registry } = this;
    collectDefaultMetrics({ register: registry });
    new Gauge({
      name: "fleetwright_queue_jobs",
      help: "Jobs by queue and state: waiting, retrying, active, dead",
      labelNames: ["queue", "state"],
      registers: [registry],
      async collect() {
        for (const { queue, ...counts } of await depths(store))
          for (const [state, count] of Object.entries(counts)) this.set({ queue, state }, count);
      },
    });
    new Gauge({
      name: "fleetwright_budget_left",
      help: "Requests that an account may still send now under each limit, as this process counts",
      labelNames: ["account", "scope"],
      registers: [registry],
      collect() {
        this.reset();
        for (const { account, scope, left } of budgets()) this.set({ account, scope }, left);
      },
    });
  }

  /** One commit per kind. */
  setCommit(what: "head" | "valid" | "applied", commit: string | undefined): void {
    this.commit.remove({ what, commit: this.#commits.get(what) ?? "" });
    if (commit === undefined) return;
    this.#commits.set(what, commit);
    this.commit.set({ what, commit }, 1);
  }

  readonly #commits = new Map<string, string>();
}

export interface BudgetLeft {
  account: string;
  scope: string;
  left: number;
}
