import { randomUUID } from "node:crypto";
import type { Call } from "../../../resources/cloud.ts";
import { canonicalJson, sha256 } from "../../fleet/canonical.ts";
import { type Controller, callOn } from "../../reconcile/context.ts";
import { withLeases } from "../../reconcile/leases.ts";
import type { Provider } from "./providers.ts";

const HOUR_MS = 60 * 60 * 1000;

/** How long each list of a provider is kept, by the last word of its key. */
export const KEPT_MS = {
  plans: HOUR_MS,
  images: HOUR_MS,
  regions: HOUR_MS,
  marketplace: 6 * HOUR_MS,
  stackscripts: HOUR_MS,
} as const;
export type CachePart = keyof typeof KEPT_MS;

/** Raised when what a list holds changes: what an earlier release has kept is then read anew. */
const FORMAT = 1;

/** With its part behind it, `provider:{id}:plans`, what names a list in the cache, which all processes share. */
const placeOf = ({ id }: Pick<Provider, "id">): string => `provider:${id}`;

/**
 * A list of a provider from the cache, or read anew by one caller at a time. Whatever the account's file says is part of what it was kept for, so an edit
 * of it counts at once, whoever made it.
 * @throws {FleetError} what the cloud says: what is too old is never told in its place.
 */
export async function cached<T>(
  controller: Controller,
  provider: Pick<Provider, "id" | "spec">,
  part: CachePart,
  signal: AbortSignal,
  read: (call: Call) => Promise<T>,
): Promise<T> {
  const { store } = controller;
  const place = placeOf(provider);
  const fingerprint = async () =>
    sha256(canonicalJson([FORMAT, provider.spec, (await store.setting(clearedSetting(provider))) ?? ""]));
  const kept = async () => {
    const found = await store.cachedCatalog(place, part);
    const isGood = found !== undefined && found.ageMs <= KEPT_MS[part] && found.fingerprint === (await fingerprint());
    return isGood ? found : undefined;
  };
  const first = await kept();
  if (first !== undefined) return first.content as T;
  return await withLeases(controller, [`vps.${place}:${part}`], signal, async (signal) => {
    const before = await kept();
    if (before !== undefined) return before.content as T;
    // Taken before the cloud is asked: what was cleared meanwhile is not kept for what comes after.
    const wanted = await fingerprint();
    const content = await read(callOn(controller, provider.spec, signal));
    await store.cacheCatalog(place, part, wanted, content);
    return content;
  });
}

/** Forgets all lists of one provider, also those that are being read now. */
export async function clearCache({ store }: Pick<Controller, "store">, provider: Pick<Provider, "id">): Promise<void> {
  await store.putSetting(clearedSetting(provider), randomUUID());
}

const clearedSetting = ({ id }: Pick<Provider, "id">): string => `vps.cache.${id}`;
