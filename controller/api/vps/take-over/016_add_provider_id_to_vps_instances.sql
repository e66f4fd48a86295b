-- Gives the instances of a multi-cloud VPS installation their provider. Run it as often as you like: what is there already stays.
alter table vps_instances add column if not exists provider_type varchar(50);
alter table vps_instances add column if not exists provider_id uuid;

-- A provider may go, and its instances stay. A reference that says otherwise is put right.
do $$
declare
  wrong name;
begin
  for wrong in
    select conname from pg_constraint
    where conrelid = 'vps_instances'::regclass and confrelid = 'service_providers'::regclass and contype = 'f' and confdeltype <> 'n'
  loop
    execute format('alter table vps_instances drop constraint %I', wrong);
  end loop;
  if not exists (
    select from pg_constraint
    where conrelid = 'vps_instances'::regclass and confrelid = 'service_providers'::regclass and contype = 'f'
  ) then
    alter table vps_instances add constraint vps_instances_provider_id_fkey
      foreign key (provider_id) references service_providers (id) on delete set null;
  end if;
end
$$;

create index if not exists idx_vps_instances_provider_type on vps_instances (provider_type);
create index if not exists idx_vps_instances_provider_id on vps_instances (provider_id);
