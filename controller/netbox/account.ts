import { netbox } from "../../resources/netbox/index.ts";
import type { AccountSpec, NetboxSpec } from "../../resources/spec.ts";
import { besideAccount, besideAt } from "../credentials/beside.ts";
import type { FleetRepo } from "../repo/repo.ts";

/** What NetBox is called where accounts are named: no account can be called so. */
export const NETBOX = "@netbox";

export const netboxAccount = (spec: NetboxSpec): AccountSpec =>
  besideAccount({ name: NETBOX, provider: netbox.name, ...spec });

/** @throws {FleetError} NOT_FOUND */
export const netboxAt = (repo: Pick<FleetRepo, "head" | "readBlob">, commit?: string): Promise<NetboxSpec> =>
  besideAt(repo, "netbox", "fleet.yaml names no NetBox: see docs/spot-manager.md", commit);
