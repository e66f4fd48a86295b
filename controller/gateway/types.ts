import type { Account, Cloud } from "../../resources/cloud.ts";
import type { Journal } from "../../resources/journal.ts";
import type { ServerSecrets } from "../../resources/spec.ts";

export interface GatewayOptions {
  account: Account;
  /** A cloud that has a `gateway` profile. */
  cloud: Cloud;
  journal: Journal;
  /** Values that go into creates of servers, by their keys (`Creation.key`). Only the cloud is sent them, and no answer passes with one in it. */
  secrets?: ReadonlyMap<string, ServerSecrets>;
  /** Default "background". */
  priority?: "person" | "background";
  /** Where it listens, unless somebody else does. Default: a free port. Plugins keep the address they were given in state. */
  port?: number;
  /** Where a certificate is written when the plugin's address is fixed. Default: the folder for temporary files. */
  dir?: string;
  /** A thing that was asked for shows on the cloud's lists after this long, at the latest. */
  settleMs: number;
  /** Time between two looks for a lost create. Default: a fifth of `settleMs`, between 250 ms and 5 s. */
  lookEveryMs?: number;
  /** The cloud must begin its answer within this time; then the plugin is told 504. Default 120 s. */
  answerMs?: number;
  /** The largest request body taken. Default 4 MiB. */
  maxBodyBytes?: number;
  /** Told in words without tokens, bodies or query strings. */
  log?: GatewayLog;
  /** Milliseconds since the epoch; a test's clock. */
  now?: () => number;
  /** Rejects when the signal aborts. */
  sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
}

export type GatewayLog = (
  level: "debug" | "info" | "warn",
  message: string,
  at: Record<string, string | number>,
) => void;

export interface GatewayStats {
  /** Requests that came in. */
  requests: number;
  /** Requests without the run's token: answered 401, never forwarded. */
  strangers: number;
  /** Requests sent to the cloud, a create that was sent twice counts two. */
  forwarded: number;
  /** Creating requests that came in. */
  creates: number;
  /** Creates answered with a thing that an earlier or unanswered attempt had made. */
  recovered: number;
  /** Creates the cloud left without an answer, or answered with a 5xx. */
  unanswered: number;
  /** Creates that were turned down here because it could not be told whether they were done. */
  withheld: number;
  /** Answers 429 of the cloud: the budget is too wide, or somebody else uses the credential. */
  rateLimited: number;
}

export interface Gateway {
  /** `http://127.0.0.1:PORT`, without a version path. */
  url: string;
  /** Opens this gateway and nothing else; random for each. */
  token: string;
  /** What the plugin is started with. */
  environment: Record<string, string>;
  stats: Readonly<GatewayStats>;
  /** Takes no more requests, sends nothing more, gives creates under way a moment for their answer, and ends. */
  close(): Promise<void>;
}
