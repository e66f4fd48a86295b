import type { Safe } from "../../resources/account.ts";
import { referenceOf } from "../../resources/account.ts";
import { FleetError } from "../../resources/errors.ts";
import type { AccountSpec } from "../../resources/spec.ts";
import { fileOfAccount } from "../forge/account.ts";
import { matchAccounts } from "../reconcile/match.ts";
import type { CredentialRecords, RecordedAccount, Store } from "../store/types.ts";
import type { KeyRing, SealKey } from "./keys.ts";
import { unseal } from "./seal.ts";
import { readCredentialFile } from "./value.ts";

interface Held extends CredentialRecords {
  accounts: RecordedAccount[];
  /** Or why they cannot be read, which concerns only what is sealed. */
  keys: SealKey[] | FleetError;
}

/**
 * What operators have sealed and bound, as it was when it was last read: each account is asked for many times in one pass, and the answers must not
 * wait for the database. What changes meanwhile counts from the next reading on, which is one look of the service or one command away.
 */
export class HeldCredentials implements Safe {
  readonly #store: Pick<Store, "credentials" | "accounts">;
  readonly #ring: KeyRing;
  readonly #kept: readonly string[];
  #held: Held = { sealed: [], bindings: [], accounts: [], keys: [] };

  /** @param kept Folders that no credential is read from. */
  constructor(store: Pick<Store, "credentials" | "accounts">, ring: KeyRing, kept: readonly string[]) {
    this.#store = store;
    this.#ring = ring;
    this.#kept = kept;
  }

  /** @throws {FleetError} STORE_FAILED */
  async renew(): Promise<void> {
    // A change of keys between the two readings shows as a key that is missing: it takes one only after what it had sealed is sealed anew.
    for (let again = true; ; again = false) {
      const [records, accounts] = await Promise.all([this.#store.credentials(), this.#store.accounts()]);
      const keys = records.sealed.length === 0 ? [] : await this.#ring.read().catch(asFleetError);
      this.#held = { ...records, accounts, keys };
      if (!again || keys instanceof FleetError) return;
      if (records.sealed.every(({ key }) => keys.some(({ id }) => id === key))) return;
    }
  }

  isBound(spec: AccountSpec, field: string, endpoint: string): boolean {
    const ref = spec.credentials[field];
    if (ref === undefined) return false;
    const account = identityOf(spec, this.#held.accounts);
    const reference = referenceOf(ref);
    return this.#held.bindings.some(
      (one) =>
        one.account === account && one.field === field && one.reference === reference && one.endpoint === endpoint,
    );
  }

  /** Whether an operator has bound or sealed anything of an account for this address. */
  hasAddress(spec: AccountSpec, endpoint: string): boolean {
    const account = identityOf(spec, this.#held.accounts);
    const { sealed, bindings } = this.#held;
    return [...sealed, ...bindings].some((one) => one.account === account && one.endpoint === endpoint);
  }

  unseal(spec: AccountSpec, field: string, endpoint: string): string {
    const account = identityOf(spec, this.#held.accounts);
    const all = this.#held.sealed.filter((one) => one.account === account && one.field === field);
    const found = all.find((one) => one.endpoint === endpoint);
    const { keys } = this.#held;
    if (keys instanceof FleetError) throw keys;
    if (found !== undefined) return unseal(found, keys);
    const at = { account: spec.name, field, endpoint };
    const file = fileOfAccount(spec.name);
    if (all.length === 0)
      throw new FleetError(
        "CREDENTIAL_MISSING",
        `${file}: credentials.${field} is sealed, and nothing was sealed yet: \`fleetwright credentials set ${spec.name} ${field}\``,
        at,
      );
    const others = all.map((one) => one.endpoint).join(", ");
    throw new FleetError(
      "CREDENTIAL_MISSING",
      `${file}: credentials.${field} is sealed for ${others} and may not be sent to ${endpoint}; an operator allows it by \`fleetwright credentials bind ${spec.name} --endpoint ${endpoint}\``,
      at,
    );
  }

  readFile(path: string): string {
    return readCredentialFile(path, this.#kept);
  }
}

function asFleetError(error: unknown): FleetError {
  if (error instanceof FleetError) return error;
  throw error;
}

/** What an account is called in the records, whatever name it has in the files now. */
export function identityOf(spec: AccountSpec, recorded: RecordedAccount[]): string {
  return matchAccounts([spec], recorded).get(spec.name)!.identity;
}
