import { FleetError } from "../../resources/errors.ts";
import type { AccountSpec, CredentialRef, ForgeSpec, NetboxSpec } from "../../resources/spec.ts";
import type { FleetFields } from "../../schemas/types.ts";
import { parseFleetFile } from "../fleet/file.ts";
import type { FleetRepo } from "../repo/repo.ts";

/** A service beside the clouds whose token is kept, bound and read as the credentials of accounts are. */
export function besideAccount({
  url,
  token,
  ...about
}: {
  name: string;
  provider: string;
  url?: string | undefined;
  token: CredentialRef;
}): AccountSpec {
  return {
    kind: "Account",
    ...about,
    formerly: [],
    ...(url !== undefined && { endpoint: url }),
    credentials: { token },
    cells: 1,
    budgets: {},
    regions: [],
    deadlines: { createSeconds: 0, settleSeconds: 0 },
    options: {},
  };
}

interface Beside {
  forge: ForgeSpec;
  netbox: NetboxSpec;
}

/**
 * What a commit's `fleet.yaml` says of such a service, whatever else is wrong with the commit.
 * @param missing told where it says nothing
 * @throws {FleetError} NOT_FOUND
 */
export async function besideAt<Field extends keyof Beside>(
  repo: Pick<FleetRepo, "head" | "readBlob">,
  field: Field,
  missing: string,
  commit?: string,
): Promise<Beside[Field]> {
  const text = await repo.readBlob(await repo.head(commit), "fleet.yaml");
  const fields = text === undefined ? undefined : (parseFleetFile(text).fields as FleetFields | undefined);
  const found = fields?.[field];
  if (found !== undefined) return found as Beside[Field];
  throw new FleetError("NOT_FOUND", missing, {});
}
