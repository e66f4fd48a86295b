import type { AccountSpec } from "../../../resources/spec.ts";
import type { MatchedAccount } from "../../reconcile/match.ts";
import { Refusal } from "../dialect/refusal.ts";
import type { FleetView } from "../fleet/view.ts";
import { noProvider } from "./envelope.ts";
import { STORED_TYPES } from "./provider-types.ts";
import { objectUuid } from "./uuid.ts";

/** An account as this dialect knows it. */
export interface Provider {
  /** UUID; the same for good. */
  id: string;
  /** The name in the files. */
  name: string;
  type: string;
  /** For people. */
  title: string;
  active: boolean;
  spec: AccountSpec;
}

/** The id of an account: its own where that was decided elsewhere. */
export const providerId = (fleetId: string, { spec, identity }: Pick<MatchedAccount, "spec" | "identity">): string =>
  spec.uuid ?? objectUuid(fleetId, "Account", identity);

/** Accounts of the types that the document knows, in the order of their names; none that is retired. */
export function providersOf({ desired }: Pick<FleetView, "desired">): Provider[] {
  return [...desired.accounts.values()]
    .filter(({ spec }) => !spec.retired && (STORED_TYPES as readonly string[]).includes(spec.provider))
    .map((account) => toProvider(desired.fleet.id, account))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function toProvider(fleetId: string, account: MatchedAccount): Provider {
  const { spec } = account;
  return {
    id: providerId(fleetId, account),
    name: spec.name,
    type: spec.provider,
    title: spec.title ?? spec.name,
    active: spec.active !== false,
    spec,
  };
}

/** @throws {VpsRefusal} not-found */
export function providerById(view: FleetView, id: string): Provider {
  const found = providersOf(view).find((one) => one.id === id.toLowerCase());
  if (found === undefined) throw noProvider(id);
  return found;
}

/**
 * The provider that a request means: the named one, or the first active one of a type.
 * @throws {Refusal} not-found where there is none; inactive; invalid where the named one is of another type
 */
export function providerFor(view: FleetView, type: string, id?: string): Provider {
  const found = id === undefined ? firstOf(view, type) : providerById(view, id);
  if (found.type !== type)
    throw new Refusal("invalid", `the provider is of ${found.type}, and this is about ${type}`, {
      field: "provider_id",
    });
  if (!found.active) throw new Refusal("inactive", `the provider ${found.title} is disabled`, { field: "provider_id" });
  return found;
}

function firstOf(view: FleetView, type: string): Provider {
  const all = providersOf(view).filter((one) => one.type === type);
  const [first] = [...all.filter(({ active }) => active), ...all];
  if (first === undefined) throw noProvider(type);
  return first;
}
