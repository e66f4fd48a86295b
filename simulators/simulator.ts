/**
 * What every simulated cloud offers to tests, the demo and `fleetwright simulate`. The public API of the cloud is served under the same paths
 * as the real one; control stands under `/_simulator/`, which no cloud has.
 */
export interface SimulatorOptions {
  /** 0 picks a free port. Default 0. Always on 127.0.0.1. */
  port?: number;
  /** The credential that is accepted. Default: a fixed one per cloud, exported by its module. */
  token?: string;
  /** How long a machine takes from create to running. Default per cloud. */
  provisionMs?: number;
  /** How long a power action or resize takes. */
  actionMs?: number;
  /** A change shows in lists only after this long (single reads see it at once). Default 0. */
  listLagMs?: number;
  /** Windows of the rate limits are divided by this: 60 makes a minute's allowance renew each second. Default 1. 0 switches limits off. */
  rateScale?: number;
  /** Where generated ids start and what makes choices repeatable. */
  seed?: number;
  /** Machines that nobody of a fleet made and that it starts with, of many sizes, regions and images. Default 0. AWS starts empty only. */
  servers?: number;
}

export interface Simulator {
  readonly cloud: string;
  /** `http://127.0.0.1:PORT` without a version path. */
  readonly url: string;
  readonly port: number;
  close(): Promise<void>;
}

/** A simulated cloud as the registry knows it. */
export interface SimulatedEntry {
  start(options?: SimulatorOptions): Promise<Simulator>;
  /**
   * What it takes unless told otherwise, by field of an Account's credentials; it opens nothing else. `SimulatorOptions.token` takes the place of
   * the last one.
   */
  credentials: Readonly<Record<string, string>>;
  /** What an account on it has under `options`. */
  accountOptions?: Readonly<Record<string, unknown>>;
}

/** One injected fault. It acts on requests that match, `times` times (default 1), after letting `skip` matching ones pass. */
export interface Fault {
  /** Shown in `faults()`. */
  name?: string;
  match: {
    method?: string;
    /** Regular expression on the path with version, without query. */
    path?: string;
  };
  skip?: number;
  times?: number;
  action:
    | { kind: "status"; status: number; body?: unknown; headers?: Record<string, string> }
    /** Answers after this long. */
    | { kind: "delay"; ms: number }
    /** Closes the connection before anything is done. */
    | { kind: "dropBefore" }
    /** Does it, then closes the connection without an answer. */
    | { kind: "dropAfter" }
    /** Takes the request, does it only after `ms` even when the caller is gone, then answers (if anyone still listens). */
    | { kind: "late"; ms: number }
    /** Sends the head and half of the body, then closes. */
    | { kind: "truncate" }
    /** A list answer without the item of this id; with no id, without its first item. Totals are left as they were. */
    | { kind: "omit"; id?: string }
    /** 200 with an empty body. */
    | { kind: "empty" };
}

/** A machine as the simulator's control sees it, for assertions and out-of-band changes. */
export interface SimulatedServer {
  id: string;
  name: string;
  tags: string[];
  size: string;
  region: string;
  image?: string;
  power: "running" | "stopped" | "suspended";
  status: string;
  /** The owner mark, wherever this cloud has it. */
  mark?: string;
}

/**
 * Control over HTTP, so that tests can hold a simulator in another process:
 * `GET /_simulator/servers`, `GET|DELETE /_simulator/calls`, `GET|POST|DELETE /_simulator/faults`,
 * `POST /_simulator/servers` (a foreign machine), `PATCH|DELETE /_simulator/servers/ID` (out-of-band change or removal),
 * `PATCH /_simulator/sizes/SIZE` (another price or stock, where the cloud can).
 * Client: `SimulatorClient` in `simulators/client.ts`.
 */
export interface CallCount {
  method: string;
  /** With ids replaced: `/v4/linode/instances/:id`. */
  route: string;
  status: number;
  count: number;
}
