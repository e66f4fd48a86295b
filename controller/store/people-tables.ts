import type { ColumnType, Generated } from "kysely";
import type { Role } from "../people/principal.ts";
import type { Who } from "../people/types.ts";

type Instant = ColumnType<Date, string | Date, string | Date>;
type Defaulted = ColumnType<Date, string | Date | undefined, string | Date>;

/** The tables of people, and of what they sign in with. */
export interface PeopleTables {
  person: {
    id: Generated<string>;
    name: string;
    email: string;
    /** As it is compared. */
    email_key: string;
    role: Role;
    accounts: string[] | null;
    owners: string[] | null;
    password: string | null;
    subject: string | null;
    enabled: Generated<boolean>;
    created_at: Defaulted;
    signed_in_at: Instant | null;
    sign_outs: Generated<number>;
  };
  api_key: {
    id: string;
    person: string;
    name: string;
    hash: string;
    role: Role;
    accounts: string[] | null;
    owners: string[] | null;
    created_at: Defaulted;
    expires_at: Instant | null;
    last_used_at: Instant | null;
    last_used_from: string | null;
    revoked_at: Instant | null;
  };
  token_family: { id: string; person: string; created_at: Defaulted; expires_at: Instant; revoked_at: Instant | null };
  refresh_token: { id: string; family: string; hash: string; expires_at: Instant; used_at: Instant | null };
  web_session: {
    id: string;
    person: string;
    hash: string;
    source: string;
    created_at: Defaulted;
    seen_at: Defaulted;
    expires_at: Instant;
    ended_at: Instant | null;
  };
  sign_in_attempt: {
    key: string;
    failures: number;
    refusals: number;
    since: Instant;
    last_at: Instant;
    until: Instant | null;
  };
  audit: {
    seq: Generated<string>;
    at: Generated<Date>;
    who: string | null;
    email: string | null;
    via: Who["via"] | null;
    key: string | null;
    action: string;
    object: string | null;
    data: ColumnType<unknown, string | null, never>;
    source: string | null;
  };
}
