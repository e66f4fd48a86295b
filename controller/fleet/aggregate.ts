import type { AggregateSpec } from "../../resources/spec.ts";
import type { AggregateFields } from "../../schemas/types.ts";
import { canonicalJson, sha256 } from "./canonical.ts";
import type { Context, Result } from "./context.ts";
import { unknown } from "./server.ts";

/** An aggregate with its account resolved. */
export function compileAggregate(fields: AggregateFields, context: Context): Result<AggregateSpec> {
  const account = context.find("Account", fields.account);
  if (account === undefined) {
    return { hash: "", createHash: "", faults: unknown(["account"], "Account", fields.account, context), notes: [] };
  }
  const spec: AggregateSpec = { ...fields, provider: account.provider };
  const hash = sha256(canonicalJson(spec));
  return { spec, hash, createHash: hash, faults: [], notes: [] };
}
