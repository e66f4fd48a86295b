import { clouds } from "../../../resources/registry.ts";
import type { Offer } from "../../catalog/offers.ts";
import type { NeedFlags } from "../verbs/cheapest.ts";
import type { Remote } from "./client.ts";

/** A part of what an account's cloud sells. */
export interface Sold {
  provider: string;
  /** As people call the cloud. */
  title: string;
  items: readonly unknown[];
  ageMs: number;
  /** Why it is an old reading. */
  stale?: string;
}

export async function remoteCatalog(remote: Remote, account: string, part: string): Promise<Sold> {
  const path = `/accounts/${encodeURIComponent(account)}`;
  const { provider } = await remote.get<{ provider: string }>(path);
  const { ageSeconds, stale, items } = await remote.get<{ ageSeconds: number; stale?: string; items: unknown[] }>(
    `${path}/catalog/${part}`,
  );
  const title = (clouds as Record<string, { title: string }>)[provider]?.title ?? provider;
  return { provider, title, items, ageMs: ageSeconds * 1000, ...(stale !== undefined && { stale }) };
}

/** Offers as the API answers them: flat. */
type OfferLine = Pick<Offer, "account" | "provider" | "regions" | "cost"> & { size: string } & Omit<
    Offer["size"],
    "name"
  >;

export interface RemoteOffers {
  currency?: string;
  offers: Offer[];
  more: number;
  notes: string[];
}

/** @param maxPrice an hour, in micro-units: compares by the hour up to it */
export async function remoteOffers(
  remote: Remote,
  flags: NeedFlags & { maxPrice?: number },
  limit: number | undefined,
): Promise<RemoteOffers> {
  const { account, region, minCpu, minMemory, minDisk, gpu, kind, currency, maxPrice } = flags;
  const query = {
    ...{ account, region, vcpus: minCpu, memoryMiB: minMemory, diskGiB: minDisk, kind, currency },
    ...(gpu !== undefined && { gpus: 1 }),
    ...(typeof gpu === "string" && { gpuType: gpu }),
    limit: limit ?? MOST,
  };
  const path = maxPrice === undefined ? "/cheapest" : "/compare";
  const found = await remote.get<Omit<RemoteOffers, "offers"> & { offers: OfferLine[] }>(path, {
    ...query,
    maxHourlyMicro: maxPrice,
  });
  return { ...found, offers: found.offers.map(offerOf) };
}

const MOST = 500;

function offerOf({ account, provider, regions, cost, size: name, ...size }: OfferLine): Offer {
  return { account, provider, regions, cost, size: { name, ...size } as Offer["size"] };
}
