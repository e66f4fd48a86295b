import type { ColumnType, Generated } from "kysely";
import type { AppliedObject } from "./types.ts";

/** Read as a Date, written by the database's own clock or as an ISO instant. */
type Instant = ColumnType<Date, string | Date, string | Date>;
/** Read parsed, written as text: `json` keeps the text as it was, where `jsonb` would sort keys and refuse NUL characters. */
type Json<T> = ColumnType<T, string, string>;

/** The tables as the last migration leaves them. */
export interface Tables {
  journal_entry: {
    account: string;
    key: string;
    kind: string;
    started_at: Instant;
    attempted_at: Instant;
    previous_attempt_at: Instant | null;
    attempts: number;
    cloud_id: string | null;
  };
  account: { identity: string; name: string; cells: number };
  object: {
    account: string;
    kind: AppliedObject["kind"];
    identity: string;
    name: string;
    stack: string;
    generation: number;
    mark: string;
    hash: string;
    document: Json<AppliedObject["document"]>;
    cloud_id: string | null;
    commit: string;
    refresh: boolean;
    provisioning_since: Instant | null;
  };
  run: {
    id: string;
    stack: string;
    kind: string;
    controller: Json<unknown>;
    started_at: Instant;
    heartbeat_at: Instant;
    finished_at: Instant | null;
    outcome: string | null;
    objects: Json<unknown>;
    commit: string;
  };
  approval: {
    id: Generated<string>;
    effect_hash: string;
    approved_by: string;
    approved_at: Instant;
    commit: string;
    allow_replace: boolean;
    allow_removals: number | null;
    allow_ended: boolean;
    quote: Json<unknown> | null;
    done_at: Instant | null;
  };
  budget_grant: { id: Generated<string>; key: string; scope: string; used: number; expires_at: Instant };
  budget_quiet: { key: string; scope: string; until: Instant };
  lease: { stack: string; holder: string; expires_at: Instant };
  event: {
    seq: Generated<string>;
    at: Generated<Date>;
    run: string | null;
    kind: string;
    object: string | null;
    data: Json<unknown>;
  };
  catalog: { account: string; part: string; fingerprint: string; cached_at: Instant; content: Json<unknown> };
  quote: { effect_hash: string; shown_at: Instant; quote: Json<unknown> };
  commit_request: {
    key: string;
    fingerprint: string;
    commit: string | null;
    conflict: Json<unknown> | null;
    at: Instant;
  };
  setting: { name: string; value: string };
}
