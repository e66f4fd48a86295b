import type { ColumnType, Generated } from "kysely";
import type { ActualServer } from "../../resources/actual.ts";
import type { PeopleTables } from "./people-tables.ts";
import type { AppliedObject, LastWanted, RememberedDrift, SeenServer, StoredPull } from "./types.ts";

/** Read as a Date, written by the database's own clock or as an ISO instant. */
type Instant = ColumnType<Date, string | Date, string | Date>;
/** Read parsed, written as text: `json` keeps the text as it was, where `jsonb` would sort keys and refuse NUL characters. */
type Json<T> = ColumnType<T, string, string>;

/** The tables as the last migration leaves them. */
export interface Tables extends PeopleTables {
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
  create_refusal: { account: string; key: string; code: string; message: string; at: Instant };
  call_request: { key: string; seed: string; at: Instant };
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
    outside_window: boolean;
    quote: Json<unknown> | null;
    object: string | null;
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
  event_once: { key: string; at: Generated<Date> };
  catalog: { account: string; part: string; fingerprint: string; cached_at: Instant; content: Json<unknown> };
  quote: { effect_hash: string; shown_at: Instant; quote: Json<unknown> };
  commit_request: {
    key: string;
    fingerprint: string;
    commit: string | null;
    conflict: Json<unknown> | null;
    at: Instant;
  };
  api_request: { key: string; fingerprint: string; answer: Json<unknown> | null; at: Instant };
  inventory_pass: { account: string; number: number; fingerprint: string; listed_at: Instant; read_at: Instant };
  inventory: {
    account: string;
    id: string;
    name: string;
    class: SeenServer["class"];
    mark: string | null;
    region: string;
    size: string | null;
    state: SeenServer["state"];
    first_seen: Instant;
    last_seen: Instant;
    gone_since: Instant | null;
    monthly_micro: string | null;
    hourly_micro: string | null;
    currency: string | null;
    actual: Json<ActualServer>;
  };
  drift: {
    id: Generated<string>;
    account: string;
    kind: RememberedDrift["kind"];
    identity: string;
    name: string;
    cloud_id: string;
    field: string;
    key: string;
    before: Json<unknown> | null;
    after: Json<unknown> | null;
    since: Instant;
    ended_at: Instant | null;
    wanted: Json<LastWanted> | null;
  };
  notification_target: { name: string; cursor: string };
  notification: {
    id: string;
    target: string;
    event: string;
    message: Json<unknown>;
    created_at: Generated<Date>;
    sent_at: Instant | null;
  };
  drift_revert: { account: string; kind: RememberedDrift["kind"]; identity: string; key: string; at: Instant };
  /** `nonce` and `sealed` in base64url; `key` names the key, which is nowhere in the database. */
  credential: {
    account: string;
    field: string;
    endpoint: string;
    key: string;
    nonce: string;
    sealed: string;
    set_by: string;
    set_at: Instant;
  };
  server_secret: {
    ref: string;
    server: string;
    field: string;
    key: string;
    nonce: string;
    sealed: string;
    sealed_by: string;
    sealed_at: Generated<Date>;
  };
  credential_binding: {
    account: string;
    field: string;
    reference: string;
    endpoint: string;
    bound_by: string;
    bound_at: Instant;
  };
  change: {
    id: string;
    version: number;
    state: string;
    author: string;
    objects: string[];
    created_at: Instant;
    updated_at: Instant;
    document: Json<unknown>;
  };
  change_step: {
    seq: Generated<string>;
    change: string;
    from_state: string | null;
    to_state: string;
    by: string;
    at: Instant;
    reason: string | null;
  };
  cost_day: {
    day: string;
    account: string;
    owner: string;
    class: SeenServer["class"];
    currency: string;
    servers: number;
    monthly_micro: string;
  };
  forge_pull: {
    forge: string;
    number: number;
    change: string | null;
    state: StoredPull["state"];
    head: string;
    seen: string | null;
    comment: string | null;
    comment_hash: string | null;
    status_hash: string | null;
    cursor: string;
    told: number | null;
    problem: string | null;
    base: string | null;
  };
  forge_delivery: { key: string; at: Generated<Date> };
  forge_login: {
    forge: string;
    id: string;
    name: string;
    person: string;
    linked_by: string;
    linked_at: Generated<Date>;
  };
  setting: { name: string; value: string };
}
