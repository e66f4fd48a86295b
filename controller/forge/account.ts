import type { Lender } from "../../resources/account.ts";
import { FleetError } from "../../resources/errors.ts";
import type { AccountSpec, ForgeSpec } from "../../resources/spec.ts";
import type { FleetFields } from "../../schemas/types.ts";
import { parseFleetFile } from "../fleet/file.ts";
import type { FleetRepo } from "../repo/repo.ts";

/** What the forge is called where accounts are named: no account can be called so. */
export const FORGE = "@forge";

/** The file that says where a credential is. */
export const fileOfAccount = (name: string): string => (name.startsWith("@") ? "fleet.yaml" : `accounts/${name}.yaml`);

const TITLES = { github: "GitHub", gitlab: "GitLab", gitea: "Gitea" } as const;
const PUBLIC: Partial<Record<ForgeSpec["kind"], string>> = {
  github: "https://github.com",
  gitlab: "https://gitlab.com",
};

/** A forge beside the clouds: its token is kept, bound and read as the credentials of accounts are. */
export function forgeLender(kind: ForgeSpec["kind"]): Lender {
  const endpoint = PUBLIC[kind];
  return {
    title: TITLES[kind],
    ...(endpoint && { endpoint }),
    credentials: { token: { required: true, description: "an access token" } },
  };
}

export function forgeAccount({ kind, url, token }: ForgeSpec): AccountSpec {
  return {
    kind: "Account",
    name: FORGE,
    formerly: [],
    provider: kind,
    ...(url !== undefined && { endpoint: url }),
    credentials: { token },
    cells: 1,
    budgets: {},
    regions: [],
    deadlines: { createSeconds: 0, settleSeconds: 0 },
    options: {},
  };
}

/** The forge as a commit's `fleet.yaml` has it, whatever else is wrong with the commit. @throws {FleetError} NOT_FOUND */
export async function forgeAt(repo: Pick<FleetRepo, "head" | "readBlob">, commit?: string): Promise<ForgeSpec> {
  const text = await repo.readBlob(await repo.head(commit), "fleet.yaml");
  const fields = text === undefined ? undefined : (parseFleetFile(text).fields as FleetFields | undefined);
  if (fields?.forge !== undefined) return fields.forge as ForgeSpec;
  throw new FleetError("NOT_FOUND", "fleet.yaml names no forge: see docs/pull-requests.md", {});
}
