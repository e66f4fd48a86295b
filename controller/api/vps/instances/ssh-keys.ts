import type { AccountSpec } from "../../../../resources/spec.ts";
import type { Wish } from "../../../changes/wishes.ts";
import { keyBlob, keyName } from "../../../fleet/public-key.ts";
import { isAboutAll, mayAs, type Principal } from "../../../people/principal.ts";
import { Refusal } from "../../dialect/refusal.ts";
import type { FleetView } from "../../fleet/view.ts";

const TEXT = /^\s*(ssh-|ecdsa-|sk-)/;
const ID = /^([0-9]{1,15}|[0-9a-f]{2}(:[0-9a-f]{2}){15})$/;

/** What keys of a request are: names of SshKey files, those of them that are new, and ids that the provider knows by itself. */
export interface WantedKeys {
  names: string[];
  wishes: Wish[];
  ids: string[];
}

/**
 * Texts become keys of the fleet, named by what they are; one that is there already is used, whoever brought it.
 * @throws {Refusal} invalid, forbidden for an id that is not open to all
 */
export function keysOf(
  view: FleetView,
  principal: Principal,
  account: AccountSpec,
  given: readonly string[],
): WantedKeys {
  const known = new Map<string, string>();
  for (const key of view.objects("SshKey")) {
    const { publicKey } = (view.fields(key) ?? {}) as { publicKey?: string };
    if (publicKey !== undefined) known.set(keyBlob(publicKey), key.name);
  }
  const wanted: WantedKeys = { names: [], wishes: [], ids: [] };
  for (const one of new Set(given)) {
    if (TEXT.test(one)) addText(one.trim(), known, wanted);
    else if (ID.test(one)) wanted.ids.push(one);
    else throw new Refusal("invalid", "sshKeys takes public keys and ids of keys", { field: "sshKeys" });
  }
  refuseStrange(principal, wanted.ids, account.options.openKeys, "sshKeys");
  return { ...wanted, names: [...new Set(wanted.names)] };
}

/** @throws {Refusal} forbidden: what only the account knows is for admins, or for all where its file says so */
export function refuseStrange(principal: Principal, ids: readonly string[], open: unknown, field: string): void {
  if (mayAs(principal, "admin") && isAboutAll(principal)) return;
  const list = Array.isArray(open) ? open : [];
  const strange = ids.find((id) => !list.includes(id));
  if (strange === undefined) return;
  throw new Refusal(
    "forbidden",
    `${field} ${strange} is not open to callers: an admin lists it in the account's file`,
    {
      field,
    },
  );
}

function addText(publicKey: string, known: Map<string, string>, { names, wishes }: WantedKeys): void {
  const blob = keyBlob(publicKey);
  let name = known.get(blob);
  if (name === undefined) {
    name = keyName(publicKey);
    known.set(blob, name);
    wishes.push({ kind: "SshKey", name, create: { publicKey }, orSame: true });
  }
  names.push(name);
}
