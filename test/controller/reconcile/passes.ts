import type { Desired } from "../../../controller/reconcile/desired.ts";
import type { Catalog } from "../../../resources/catalog.ts";
import type { AccountSpec, StackObject } from "../../../resources/spec.ts";

/** A commit of a fleet with one account, as far as a pass over the account needs it. Each object's file is `servers/NAME.yaml`. */
export function desiredOf(
  account: AccountSpec,
  objects: readonly StackObject[],
  more: { commit?: string; catalog?: Catalog } = {},
): Desired {
  const matched = { identity: account.name, spec: account, cells: 1, recorded: true };
  return {
    commit: more.commit ?? "",
    fleet: {
      id: "passes",
      approval: "required",
      envPrefixes: [],
      guards: { maxRemovals: { minimum: 0, share: 0 } },
      policies: {},
      expiry: { warnDays: [] },
    },
    accounts: new Map([[account.name, matched]]),
    byIdentity: new Map([[account.name, matched]]),
    objects: objects.map((spec) => ({ spec, hash: "", path: pathOf(spec) })),
    plans: [],
    catalogs: more.catalog === undefined ? {} : { [account.name]: more.catalog },
    notes: [],
  };
}

export const pathOf = ({ kind, name }: StackObject): string => `${kind.toLowerCase()}s/${name}.yaml`;
