import type { Catalog, MarketplaceItem } from "../../resources/catalog.ts";
import type { Call } from "../../resources/cloud.ts";
import type { AccountSpec } from "../../resources/spec.ts";
import { canonicalJson, sha256 } from "../fleet/canonical.ts";
import { type Controller, callOn, cloudOf } from "../reconcile/context.ts";
import { withLeases } from "../reconcile/leases.ts";
import type { CachedCatalog, CatalogPart } from "../store/types.ts";

/** Sizes, regions and images change by the hour, marketplaces by the day. */
const GOOD_FOR_MS = { sale: 60 * 60 * 1000, marketplace: 6 * 60 * 60 * 1000 } as const satisfies Partial<
  Record<CatalogPart, number>
>;

/** Raised when what a catalogue holds changes: what an earlier release has cached is then read anew. */
const FORMAT = 1;

export interface ReadOptions {
  signal: AbortSignal;
  /** Oldest reading that will do; 0 reads anew. Default: an hour, for a marketplace six. */
  maxAgeMs?: number;
  /** Where the cloud does not answer, the last reading of at most this age takes its place. Default: any. */
  staleMs?: number;
}

export interface Reading<T> {
  content: T;
  ageMs: number;
  /** Why it is not a fresh one: the cloud's own words. */
  stale?: string;
}

/**
 * Sizes, regions and images of an account: from the cache, or read anew by one caller at a time, whichever process it is in.
 * @throws {FleetError} what the cloud says, when it cannot be read and has never been.
 */
export async function readSale(
  controller: Controller,
  spec: AccountSpec,
  options: ReadOptions,
): Promise<Reading<Catalog>> {
  const cloud = cloudOf(controller, spec.provider);
  return await read(controller, spec, "sale", options, (call) => cloud.catalog(call));
}

/** Applications and scripts of an account; none on a cloud without a marketplace. */
export async function readMarketplace(
  controller: Controller,
  spec: AccountSpec,
  options: ReadOptions,
): Promise<Reading<MarketplaceItem[]>> {
  const cloud = cloudOf(controller, spec.provider);
  if (cloud.marketplace === undefined) return { content: [], ageMs: 0 };
  return await read(controller, spec, "marketplace", options, (call) => cloud.marketplace!(call));
}

async function read<T>(
  controller: Controller,
  spec: AccountSpec,
  part: keyof typeof GOOD_FOR_MS,
  { signal, maxAgeMs = GOOD_FOR_MS[part], staleMs = Number.POSITIVE_INFINITY }: ReadOptions,
  ask: (call: Call) => Promise<T>,
): Promise<Reading<T>> {
  const { store, now } = controller;
  const fingerprint = fingerprintOf(spec);
  const cached = async (): Promise<(CachedCatalog & { content: T }) | undefined> => {
    const found = await store.cachedCatalog(spec.name, part);
    return found?.fingerprint === fingerprint ? (found as CachedCatalog & { content: T }) : undefined;
  };
  const first = await cached();
  if (first !== undefined && maxAgeMs > 0 && first.ageMs <= maxAgeMs) return first;
  const askedAt = now();
  return await withLeases(controller, [`catalog.${spec.name}.${part}`], signal, async (signal) => {
    const before = await cached();
    // Who had the lease before has read it since this was asked.
    const waitedMs = now() - askedAt;
    if (before !== undefined && before.ageMs <= Math.max(maxAgeMs, waitedMs)) return before;
    try {
      const content = await ask(callOn(controller, spec, signal));
      await store.cacheCatalog(spec.name, part, fingerprint, content);
      return { content, ageMs: 0 };
    } catch (error) {
      if (signal.aborted || before === undefined || before.ageMs > staleMs) throw error;
      return { ...before, stale: (error as Error).message };
    }
  });
}

/** Another cloud, address, credential or setting under the same name is another account. */
export function fingerprintOf({ provider, endpoint, credentials, options }: AccountSpec): string {
  return sha256(canonicalJson([FORMAT, provider, endpoint ?? "", credentials, options]));
}
