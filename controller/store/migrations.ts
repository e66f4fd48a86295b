import { type Kysely, type Migration, Migrator, sql } from "kysely";
import { FleetError } from "../../resources/errors.ts";
import type { Tables } from "./tables.ts";

/** In the order of their names. One that has been released is never edited: a change is a new one. */
const MIGRATIONS: Record<string, Migration> = {
  "001-first": {
    async up(db) {
      await sql`
        create table journal_entry (
          account text not null, key text not null, kind text not null,
          started_at timestamptz not null, attempted_at timestamptz not null, previous_attempt_at timestamptz,
          attempts integer not null, cloud_id text,
          primary key (account, key));
        create index journal_open on journal_entry (account, started_at) where cloud_id is null;

        create table account (identity text primary key, name text not null, cells integer not null);

        create table object (
          account text not null, kind text not null, identity text not null, name text not null, stack text not null,
          generation integer not null, mark text not null, hash text not null, document json not null,
          cloud_id text, commit text not null, refresh boolean not null,
          primary key (account, kind, identity));
        create index object_name on object (account, kind, name);
        create index object_stack on object (stack);

        create table run (
          id text primary key, stack text not null, kind text not null, controller json not null,
          started_at timestamptz not null, heartbeat_at timestamptz not null, finished_at timestamptz,
          outcome text, objects json not null, commit text not null);
        create index run_open on run (started_at) where finished_at is null;
        create index run_started on run (started_at);

        create table approval (
          id bigint generated always as identity primary key, effect_hash text not null,
          approved_by text not null, approved_at timestamptz not null, commit text not null,
          allow_replace boolean not null, allow_removals integer, done_at timestamptz);
        create unique index approval_open on approval (effect_hash) where done_at is null;

        create table lease (stack text primary key, holder text not null, expires_at timestamptz not null);

        create table event (
          seq bigint generated always as identity primary key, at timestamptz not null default clock_timestamp(),
          run text, kind text not null, object text, data json not null);

        create table catalog (account text primary key, cached_at timestamptz not null, catalog json not null);
        create table setting (name text primary key, value text not null)
      `.execute(db);
    },
  },
  "002-catalogs": {
    async up(db) {
      // What was cached is read anew.
      await sql`
        drop table catalog;
        create table catalog (
          account text not null, part text not null, fingerprint text not null, cached_at timestamptz not null,
          content json not null, primary key (account, part));

        create table quote (effect_hash text primary key, shown_at timestamptz not null, quote json not null);
        alter table approval add column quote json, add column allow_ended boolean not null default false
      `.execute(db);
    },
  },
  "003-budgets": {
    async up(db) {
      await sql`
        create table budget_grant (
          id bigint generated always as identity primary key, key text not null, scope text not null,
          used integer not null, expires_at timestamptz not null);
        create index budget_grant_scope on budget_grant (key, scope, expires_at);
        create table budget_quiet (
          key text not null, scope text not null, until timestamptz not null, primary key (key, scope))
      `.execute(db);
    },
  },
  "004-provisioning": {
    async up(db) {
      await sql`
        alter table object add column provisioning_since timestamptz;
        create index object_provisioning on object (account) where provisioning_since is not null
      `.execute(db);
    },
  },
  "005-holds": {
    async up(db) {
      await sql`
        alter table approval add column outside_window boolean not null default false;
        create table event_once (key text primary key, at timestamptz not null default clock_timestamp())
      `.execute(db);
    },
  },
  "006-inventory": {
    async up(db) {
      await sql`
        create table inventory_pass (
          account text primary key, number integer not null, fingerprint text not null,
          listed_at timestamptz not null, read_at timestamptz not null);
        create table inventory (
          account text not null, id text not null, name text not null, class text not null, mark text,
          region text not null, size text, state text not null,
          first_seen timestamptz not null, last_seen timestamptz not null, gone_since timestamptz,
          monthly_micro bigint, hourly_micro bigint, currency text, actual json not null,
          primary key (account, id));
        create index inventory_gone on inventory (gone_since) where gone_since is not null
      `.execute(db);
    },
  },
  "007-drift": {
    async up(db) {
      await sql`
        create table drift (
          id bigint generated always as identity primary key,
          account text not null, kind text not null, identity text not null, name text not null, cloud_id text not null,
          field text not null, key text not null, before json, after json, since timestamptz not null, ended_at timestamptz, wanted json);
        create unique index drift_open on drift (account, kind, identity, key) where ended_at is null;
        create index drift_ended on drift (ended_at) where ended_at is not null
      `.execute(db);
    },
  },
  "008-serve": {
    async up(db) {
      await sql`
        alter table approval add column object text;
        create index event_run on event (run, seq) where run is not null;
        create index event_at on event (at)
      `.execute(db);
    },
  },
  "009-commits": {
    async up(db) {
      await sql`
        create table commit_request (
          key text primary key, fingerprint text not null, commit text, conflict json, at timestamptz not null);
        create index commit_request_at on commit_request (at)
        `.execute(db);
    },
  },
  "012-notifications": {
    async up(db) {
      await sql`
        create table notification_target (name text primary key, cursor bigint not null);
        create table notification (
          id text primary key, target text not null, event bigint not null, message json not null,
          created_at timestamptz not null default clock_timestamp(), sent_at timestamptz);
        create index notification_unsent on notification (target, event) where sent_at is null;
        create index notification_created on notification (created_at);
        create table drift_revert (
          account text not null, kind text not null, identity text not null, key text not null, at timestamptz not null);
        create index drift_revert_at on drift_revert (account, at)
      `.execute(db);
    },
  },
  "013-people": {
    async up(db) {
      // References are deferred, so that a backup is loaded in any order.
      await sql`
        create table person (
          id uuid primary key default gen_random_uuid(), name text not null, email text not null, email_key text not null unique,
          role text not null, accounts text[], owners text[], password text, subject text unique,
          enabled boolean not null default true, created_at timestamptz not null default now(), signed_in_at timestamptz);
        create table api_key (
          id text primary key, person uuid not null references person deferrable initially deferred, name text not null, hash text not null,
          role text not null, accounts text[], owners text[], created_at timestamptz not null default now(),
          expires_at timestamptz, last_used_at timestamptz, last_used_from text, revoked_at timestamptz);
        create index api_key_person on api_key (person);

        create table token_family (
          id uuid primary key, person uuid not null references person, created_at timestamptz not null default now(),
          expires_at timestamptz not null, revoked_at timestamptz);
        create index token_family_person on token_family (person) where revoked_at is null;
        create index token_family_expires on token_family (expires_at);
        create table refresh_token (
          id text primary key, family uuid not null references token_family on delete cascade, hash text not null,
          expires_at timestamptz not null, used_at timestamptz);
        create index refresh_token_family on refresh_token (family);
        create table web_session (
          id text primary key, person uuid not null references person, hash text not null, source text not null,
          created_at timestamptz not null default now(), seen_at timestamptz not null default now(),
          expires_at timestamptz not null, ended_at timestamptz);
        create index web_session_person on web_session (person) where ended_at is null;
        create index web_session_expires on web_session (expires_at);
        create table sign_in_attempt (
          key text primary key, failures integer not null, refusals integer not null default 0,
          since timestamptz not null, last_at timestamptz not null, until timestamptz);
        create index sign_in_attempt_last on sign_in_attempt (last_at);

        create table audit (
          seq bigint generated always as identity primary key, at timestamptz not null default clock_timestamp(),
          who uuid, email text, via text, action text not null, object text, data json, source text);
        create index audit_at on audit (at);
        create index audit_email on audit (email, seq);
        create index audit_object on audit (object, seq);
        create function refuse_audit_change() returns trigger language plpgsql as $$
        begin
          if tg_op = 'DELETE' and current_setting('fleetwright.pruning_audit', true) = 'on' then
            if old.at < now() - interval '30 days' then return old; end if;
          end if;
          raise exception 'the audit log is only added to';
        end $$;
        create trigger audit_rows before update or delete on audit for each row execute function refuse_audit_change();
        create trigger audit_whole before truncate on audit for each statement execute function refuse_audit_change();
        create function prune_audit(days integer) returns bigint language plpgsql as $$
        declare removed bigint;
        begin
          perform set_config('fleetwright.pruning_audit', 'on', true);
          delete from audit where at < now() - greatest(days, 30) * interval '1 day';
          get diagnostics removed = row_count;
          perform set_config('fleetwright.pruning_audit', 'off', true);
          return removed;
        end $$
      `.execute(db);
    },
  },
  "014-credentials": {
    async up(db) {
      await sql`
        create table credential (
          account text not null, field text not null, endpoint text not null,
          key text not null, nonce text not null, sealed text not null, set_by text not null, set_at timestamptz not null,
          primary key (account, field, endpoint));
        create table credential_binding (
          account text not null, field text not null, reference text not null, endpoint text not null,
          bound_by text not null, bound_at timestamptz not null,
          primary key (account, field, reference, endpoint))
      `.execute(db);
    },
  },
  "015-changes": {
    async up(db) {
      await sql`
        create table change (
          id text primary key, version integer not null, state text not null, author text not null, objects text[] not null,
          created_at timestamptz not null, updated_at timestamptz not null, document json not null);
        create index change_created on change (created_at desc, id);
        create index change_state on change (state);
        create index change_objects on change using gin (objects);
        create table change_step (
          seq bigint generated always as identity primary key, change text not null references change (id), from_state text,
          to_state text not null, by text not null, at timestamptz not null, reason text);
        create index change_step_change on change_step (change, seq)
      `.execute(db);
    },
  },
  "016-forge": {
    async up(db) {
      await sql`
        create table forge_pull (
          forge text not null, number integer not null, change text, state text not null, head text not null, seen text,
          comment bigint, comment_hash text, status_hash text, cursor bigint not null, told integer, problem text, base text,
          primary key (forge, number));
        create index forge_pull_open on forge_pull (forge) where state <> 'done';
        create table forge_delivery (key text primary key, at timestamptz not null default now());
        create index forge_delivery_at on forge_delivery (at);
        create table forge_login (
          forge text not null, id text not null, name text not null, person uuid not null references person deferrable initially deferred,
          linked_by text not null, linked_at timestamptz not null default now(), primary key (forge, id));
        create index forge_login_person on forge_login (person)
      `.execute(db);
    },
  },
  "017-api-requests": {
    async up(db) {
      await sql`
        create table api_request (key text primary key, fingerprint text not null, answer json, at timestamptz not null);
        create index api_request_at on api_request (at)
      `.execute(db);
    },
  },
  "018-costs": {
    async up(db) {
      // Empty texts stand for no owner and for no known price: they are part of the key.
      await sql`
        create table cost_day (
          day date not null, account text not null, owner text not null, class text not null, currency text not null,
          servers integer not null, monthly_micro bigint not null,
          primary key (account, day, owner, class, currency));
        create index cost_day_day on cost_day (day)
      `.execute(db);
    },
  },
  "019-sign-outs-and-keys": {
    async up(db) {
      await sql`
        alter table person add column sign_outs integer not null default 0;
        alter table audit add column key text
      `.execute(db);
    },
  },
  // The tables that the document of the multi-cloud VPS API tells, made anew from git: in a schema of their own, because others read them.
  "020-vps-tables": {
    async up(db) {
      await sql`
        drop schema if exists fleetwright_vps cascade;
        create schema fleetwright_vps;
        create or replace function fleetwright_vps.uuid_generate_v4() returns uuid language sql volatile as 'select gen_random_uuid()';

        create table fleetwright_vps.service_providers (
          id uuid primary key default fleetwright_vps.uuid_generate_v4(),
          name varchar(255) not null,
          type varchar(50) not null check (type in ('linode', 'digitalocean', 'aws', 'gcp')),
          api_key_encrypted text not null,
          configuration jsonb not null default '{}',
          active boolean not null default true,
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now());

        create table fleetwright_vps.vps_instances (
          id uuid primary key default fleetwright_vps.uuid_generate_v4(),
          provider_instance_id varchar(255),
          label varchar(255) not null,
          region varchar(255) not null,
          type varchar(255) not null,
          owner varchar(255),
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now(),
          provider_type varchar(50),
          provider_id uuid references fleetwright_vps.service_providers (id) on delete set null);
        create index idx_vps_instances_provider_type on fleetwright_vps.vps_instances (provider_type);
        create index idx_vps_instances_provider_id on fleetwright_vps.vps_instances (provider_id);

        create table fleetwright_vps.vps_plans (
          id uuid primary key default fleetwright_vps.uuid_generate_v4(),
          provider_id uuid references fleetwright_vps.service_providers (id) on delete cascade,
          provider_plan_id varchar(255) not null,
          base_price decimal(10,2) not null default 0.00,
          markup_price decimal(10,2) not null default 0.00,
          specifications jsonb not null default '{}',
          active boolean not null default true,
          created_at timestamptz not null default now(),
          updated_at timestamptz not null default now())`.execute(db);
    },
  },
  "021-server-secrets": {
    async up(db) {
      await sql`
        create table server_secret (
          ref text primary key, server text not null, field text not null, key text not null, nonce text not null,
          sealed text not null, sealed_by text not null, sealed_at timestamptz not null default now());
        create index server_secret_server on server_secret (server)
      `.execute(db);
    },
  },
  "024-calls": {
    async up(db) {
      await sql`
        create table create_refusal (
          account text not null, key text not null, code text not null, message text not null, at timestamptz not null,
          primary key (account, key));
        create table call_request (key text primary key, seed text not null, at timestamptz not null)`.execute(db);
    },
  },
  "028-launches": {
    async up(db) {
      await sql`
        create index change_launch on change (created_at) where document -> 'call' ->> 'op' = 'launch'`.execute(db);
    },
  },
};

/** Whether all of these are known here: otherwise they are of a newer version. */
export const knowsMigrations = (names: readonly string[]): boolean => names.every((name) => name in MIGRATIONS);

/** Of every step that the schema has come by, the oldest first. */
export const migrationNames: readonly string[] = Object.keys(MIGRATIONS);

/**
 * Brings the schema up to date, or up to one migration. Several processes may call it at once: the first migrates, the others wait and find it done.
 * @throws {FleetError} STORE_FAILED when a newer version of Fleetwright has had it; nothing is changed then.
 */
export async function migrate(db: Kysely<Tables>, schema: string, last?: string): Promise<void> {
  const key = sql`hashtextextended(${`fleetwright migration ${schema}`}, 0)`;
  await db.connection().execute(async (lock) => {
    await sql`select pg_advisory_lock(${key})`.execute(lock);
    try {
      await sql`create schema if not exists ${sql.id(schema)}`.execute(lock);
      await refuseNewer(lock, schema);
      const migrator = new Migrator({
        db,
        provider: { getMigrations: async () => MIGRATIONS },
        migrationTableSchema: schema,
      });
      const { error } = last === undefined ? await migrator.migrateToLatest() : await migrator.migrateTo(last);
      if (error !== undefined) throw error;
    } finally {
      await sql`select pg_advisory_unlock(${key})`.execute(lock);
    }
  });
}

/** Migrations go forward only, and an older program would write what the newer one does not expect. */
async function refuseNewer(db: Kysely<Tables>, schema: string): Promise<void> {
  const { rows: tables } = await sql`
    select 1 from information_schema.tables where table_schema = ${schema} and table_name = 'kysely_migration'`.execute(
    db,
  );
  if (tables.length === 0) return;
  const { rows } = await sql<{ name: string }>`
    select name from ${sql.table(`${schema}.kysely_migration`)} order by name`.execute(db);
  const unknown = rows.map(({ name }) => name).filter((name) => !knowsMigrations([name]));
  if (unknown.length === 0) return;
  throw new FleetError(
    "STORE_FAILED",
    `the database is of a newer version of Fleetwright (it has ${unknown.join(", ")}, which this one does not know): ` +
      "run that version, or restore a backup from before the upgrade into an empty database",
    { migrations: unknown.join(",") },
  );
}
