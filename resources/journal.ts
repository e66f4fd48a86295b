import type { FleetErrorCode } from "./errors.ts";

/** Why a create was not answered with an id, in the cloud's words. */
export interface CreateRefusal {
  code: FleetErrorCode;
  message: string;
}

/** A create that was sent, or was about to be, under a key that is used for one machine only. */
export interface JournalEntry {
  account: string;
  kind: string;
  /** Owner mark, or natural key. */
  key: string;
  /** ISO instant of the first attempt. */
  startedAt: string;
  /** ISO instant of the last attempt. */
  attemptedAt: string;
  /** Set when the cloud has answered. */
  id?: string;
}

/**
 * Intents of creates, durable before the request leaves. Who wants to create asks `begin`; an earlier entry in the answer means: look on the
 * cloud first, because that attempt may have made the thing.
 */
export interface Journal {
  /** Stores the intent and returns what was there before, if anything. Durable when it returns. */
  begin(entry: { account: string; kind: string; key: string }): Promise<JournalEntry | undefined>;
  /** The cloud answered with this id. */
  answered(account: string, key: string, id: string): Promise<void>;
  /** The cloud refused (a 4xx other than 408 and 429): nothing was made, the intent is dropped. */
  refused(account: string, key: string): Promise<void>;
  /** Notes why the last attempt was refused, until the next one begins. Absent where nobody can be told. */
  explain?(account: string, key: string, refusal: CreateRefusal): Promise<void>;
}
