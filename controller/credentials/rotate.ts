import { FleetError } from "../../resources/errors.ts";
import type { SealedCredential, Store } from "../store/types.ts";
import type { KeyRing, SealKey } from "./keys.ts";
import { seal, unseal } from "./seal.ts";

export interface KeyChange {
  /** Names the key that all is sealed with now. */
  key: string;
  /** Credentials that were sealed anew. */
  resealed: number;
  /** Keys that nothing needs any more, and that are gone from this machine. */
  removed: string[];
  /** Keys that nothing needs any more, and that an operator may take out of FLEETWRIGHT_SEAL_KEY. */
  removable: string[];
}

/**
 * Seals all credentials with a new key. One that was cut off is finished by the next call: more keys than one are there exactly while a change of
 * keys is under way, and a key goes only after nothing in the database is sealed with it.
 * @throws {FleetError} USAGE where keys come from the environment and there is no second one yet; CREDENTIAL_MISSING for a credential that cannot be opened.
 */
export async function rotateKeys({ store, ring }: { store: Store; ring: KeyRing }, by: string): Promise<KeyChange> {
  const change: KeyChange = { key: "", resealed: 0, removed: [], removable: [] };
  await store.changeCredentials(async ({ sealed }) => {
    const newest = await begin(ring, sealed);
    const keys = await ring.read();
    const old = sealed.filter(({ key }) => key !== newest.id);
    const seals = old.map((one) => ({ ...one, ...seal(unseal(one, keys), one, newest) }));
    Object.assign(change, { key: newest.id, resealed: seals.length });
    const data = { key: newest.id, resealed: seals.length, by };
    return { seal: seals, event: { kind: "credentials.rotated", data } };
  });
  // Only what is on record now counts: whoever seals meanwhile waits for this and then reads the keys that are left.
  await store.changeCredentials(async ({ sealed }) => {
    const needed = new Set([change.key, ...sealed.map(({ key }) => key), ...(await store.serverSecretKeys())]);
    const unneeded = new Set((await ring.read()).map(({ id }) => id).filter((id) => !needed.has(id)));
    change.removed = await ring.remove(unneeded);
    change.removable = (await ring.read()).map(({ id }) => id).filter((id) => !needed.has(id));
    return {};
  });
  return change;
}

async function begin(ring: KeyRing, sealed: readonly SealedCredential[]): Promise<SealKey> {
  const keys = await ring.read();
  const newest = keys.at(-1);
  const isUnderWay = keys.length > 1 || sealed.some(({ key }) => newest !== undefined && key !== newest.id);
  if (newest !== undefined && isUnderWay) return newest;
  if (!ring.isGiven) return await ring.add();
  throw new FleetError(
    "USAGE",
    "FLEETWRIGHT_SEAL_KEY has one key: put a new one (`openssl rand -base64 32`) behind it, after a comma, on every machine, start the controllers anew, and repeat this",
    {},
  );
}
