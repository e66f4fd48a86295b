import type { PostgresServer } from "../../../../setup/postgres.ts";
import { query } from "../../../../setup/postgres.ts";

/** Of a person of the old service, and of their organization. */
export const ADA = {
  user: "0b6f8f3a-0000-4000-8000-0000000000a1",
  organization: "0b6f8f3a-0000-4000-8000-0000000000b1",
};

export interface OldRow {
  id: string;
  machine: string;
  label: string;
  /** The columns of migration 016. */
  provider?: { id: string; type: string };
  plan?: string;
  configuration?: object;
}

const TABLES = `
  create table users (id uuid primary key, email varchar(255) not null);
  create table organizations (id uuid primary key, name varchar(255) not null, owner_id uuid not null references users(id));
  create table organization_members (organization_id uuid not null references organizations(id), user_id uuid not null references users(id));
  create table service_providers (
    id uuid primary key default gen_random_uuid(),
    name varchar(255) not null,
    type varchar(50) not null check (type in ('linode', 'digitalocean', 'aws', 'gcp')),
    api_key_encrypted text not null,
    configuration jsonb not null default '{}',
    active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  );
  create table vps_instances (
    id uuid primary key default gen_random_uuid(),
    organization_id uuid not null references organizations(id) on delete cascade,
    plan_id varchar(255) not null,
    provider_instance_id varchar(255) not null,
    label varchar(255) not null,
    status varchar(50) default 'provisioning',
    ip_address inet,
    configuration jsonb default '{}',
    created_at timestamptz default now(),
    updated_at timestamptz default now()
  );
  create table vps_plans (
    id uuid primary key default gen_random_uuid(),
    name varchar(255) not null,
    provider_id uuid references service_providers(id) on delete cascade,
    provider_plan_id varchar(255) not null,
    base_price decimal(10,2) not null default 0.00,
    markup_price decimal(10,2) not null default 0.00,
    specifications jsonb not null default '{}',
    active boolean not null default true,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
  );
  insert into users values ('${ADA.user}', 'ada@example.org');
  insert into organizations values ('${ADA.organization}', 'Ada and friends', '${ADA.user}');`;

/** As the document's migration leaves it. */
const MIGRATED = `
  alter table vps_instances
    add column provider_type varchar(50),
    add column provider_id uuid references service_providers(id) on delete set null;
  create index idx_vps_instances_provider_type on vps_instances(provider_type);
  create index idx_vps_instances_provider_id on vps_instances(provider_id);`;

const quoted = (value: unknown): string =>
  value === null || value === undefined ? "null" : `'${String(value).replaceAll("'", "''")}'`;

/** The database of an installation. Answers its URL. @param rest statements after its tables are there */
export async function oldInstallation(
  postgres: PostgresServer,
  name: string,
  { isMigrated, rows, rest = "" }: { isMigrated: boolean; rows: readonly OldRow[]; rest?: string },
): Promise<string> {
  const url = await postgres.createDatabase(name);
  await query(url, `${TABLES}${isMigrated ? MIGRATED : ""}${rest}`);
  for (const { id, machine, label, provider, plan = "", configuration = {} } of rows) {
    const [columns, values] = isMigrated
      ? [", provider_id, provider_type", `, ${quoted(provider?.id)}, ${quoted(provider?.type)}`]
      : ["", ""];
    const own = [id, ADA.organization, plan, machine, label, JSON.stringify(configuration)].map(quoted).join(", ");
    await query(
      url,
      `insert into vps_instances (id, organization_id, plan_id, provider_instance_id, label, configuration${columns}) values (${own}${values})`,
    );
  }
  return url;
}
