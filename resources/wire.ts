/** How the requests of an account are sent again, and who hears of them. */
export interface Wire {
  /** Attempts after the first. Default: what the request itself says, which is 3. */
  retries?: number;
  /** Answers that are tried again, where the request may be. Default: 408, 429 and every 5xx. */
  retryStatuses?: readonly number[];
  /** The first pause is by chance between nothing and twice this, each one after it up to twice as long. Default 500. */
  backoffMs?: number;
  /** Told of everything that goes over the wire, with payloads as they are: whoever writes them down masks them. */
  tell?(event: WireEvent): void;
}

export type WireEvent = { method: string; url: string } & (
  | { kind: "request"; attempt: number; payload?: unknown }
  | { kind: "response"; status: number; data?: unknown }
  | { kind: "error"; error: unknown }
  /** It is sent again after `waitMs`; `limited` where the cloud has said that we are too many. */
  | { kind: "retry"; attempt: number; waitMs: number; limited: boolean }
);
