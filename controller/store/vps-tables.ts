import { type Kysely, sql } from "kysely";
import type { Tables } from "./tables.ts";
import type { Store } from "./types.ts";

/** Rows of the tables that the document of the multi-cloud VPS API tells, all of them. Instants are ISO. */
export interface VpsRows {
  providers: readonly {
    id: string;
    name: string;
    type: string;
    api_key_encrypted: string;
    configuration: object;
    active: boolean;
    created_at: string;
    updated_at: string;
  }[];
  instances: readonly {
    id: string;
    provider_instance_id: string | null;
    label: string;
    region: string;
    type: string;
    owner: string | null;
    provider_type: string;
    provider_id: string | null;
    created_at: string;
    updated_at: string;
  }[];
  plans: readonly {
    id: string;
    provider_id: string;
    provider_plan_id: string;
    base_price: string;
    markup_price: string;
    specifications: object;
    active: boolean;
    created_at: string;
    updated_at: string;
  }[];
}

/** Who reads these tables sees one commit or the next, and nothing between. */
export function vpsTableMethods(db: Kysely<Tables>): Pick<Store, "putVpsRows"> {
  return {
    async putVpsRows({ providers, instances, plans }) {
      await db.transaction().execute(async (trx) => {
        await sql`lock table fleetwright_vps.service_providers in exclusive mode`.execute(trx);
        // What a provider has goes with it, so it is written after them.
        await sql`delete from fleetwright_vps.vps_instances`.execute(trx);
        await sql`delete from fleetwright_vps.service_providers`.execute(trx);
        const rows = [
          ["service_providers", providers],
          ["vps_instances", instances],
          ["vps_plans", plans],
        ] as const;
        for (const [table, all] of rows)
          await sql`insert into ${sql.table(`fleetwright_vps.${table}`)}
            select * from json_populate_recordset(null::${sql.table(`fleetwright_vps.${table}`)}, ${JSON.stringify(all)}::json)`.execute(
            trx,
          );
      });
    },
  };
}
