import type { VpsApi } from "./api.ts";
import type { Provider } from "./providers.ts";

export interface ProviderCheck {
  /** Whose the key is, in the cloud's words; empty where it does not tell. */
  identity: string;
  may: string[];
  lacks: string[];
  limits: ProviderLimit[];
}

/** Requests that may still be sent now, as far as this process has sent some. */
export interface ProviderLimit {
  scope: string;
  limit: number;
  left: number;
}

/** Asks the provider what its key may do. @throws {FleetError} CLOUD_AUTH, CREDENTIAL_MISSING, CLOUD_UNAVAILABLE */
export async function checkProvider(
  api: VpsApi,
  provider: Pick<Provider, "name" | "spec">,
  signal: AbortSignal,
): Promise<ProviderCheck> {
  const { desired } = await api.view();
  const { credentials } = api.controller;
  const {
    identity = "",
    may,
    lacks = [],
  } = await credentials.validate({ account: provider.name, commit: desired.commit, signal });
  return { identity, may, lacks, limits: limitsOf(api, provider) };
}

export function limitsOf({ controller }: VpsApi, { spec }: Pick<Provider, "spec">): ProviderLimit[] {
  const left = controller.account(spec).budget.left?.() ?? {};
  return Object.entries(left).map(([scope, { left, limit }]) => ({ scope, limit, left }));
}
