import { FleetError } from "../../resources/errors.ts";
import { netbox } from "../../resources/netbox/index.ts";
import type { AccountSpec, NetboxSpec } from "../../resources/spec.ts";
import type { FleetFields } from "../../schemas/types.ts";
import { parseFleetFile } from "../fleet/file.ts";
import type { FleetRepo } from "../repo/repo.ts";

/** What NetBox is called where accounts are named: no account can be called so. */
export const NETBOX = "@netbox";

export function netboxAccount({ url, token }: NetboxSpec): AccountSpec {
  return {
    kind: "Account",
    name: NETBOX,
    formerly: [],
    provider: netbox.name,
    endpoint: url,
    credentials: { token },
    cells: 1,
    budgets: {},
    regions: [],
    deadlines: { createSeconds: 0, settleSeconds: 0 },
    options: {},
  };
}

/** NetBox as a commit's `fleet.yaml` has it, whatever else is wrong with the commit. @throws {FleetError} NOT_FOUND */
export async function netboxAt(repo: Pick<FleetRepo, "head" | "readBlob">, commit?: string): Promise<NetboxSpec> {
  const text = await repo.readBlob(await repo.head(commit), "fleet.yaml");
  const fields = text === undefined ? undefined : (parseFleetFile(text).fields as FleetFields | undefined);
  if (fields?.netbox !== undefined) return fields.netbox as NetboxSpec;
  throw new FleetError("NOT_FOUND", "fleet.yaml names no NetBox: see docs/spot-manager.md", {});
}
