import type { Lender } from "../../resources/account.ts";
import type { AccountSpec, ForgeSpec } from "../../resources/spec.ts";
import { besideAccount, besideAt } from "../credentials/beside.ts";
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

export const forgeAccount = ({ kind, url, token }: ForgeSpec): AccountSpec =>
  besideAccount({ name: FORGE, provider: kind, url, token });

/** @throws {FleetError} NOT_FOUND */
export const forgeAt = (repo: Pick<FleetRepo, "head" | "readBlob">, commit?: string): Promise<ForgeSpec> =>
  besideAt(repo, "forge", "fleet.yaml names no forge: see docs/pull-requests.md", commit);
