import type { Offer, Offers } from "../../catalog/offers.ts";
import { memoryWords } from "../../catalog/units.ts";
import { gpuWords, perHour, someOf } from "../../words/sizes.ts";
import { counted } from "../../words/text.ts";
import type { Io } from "../io.ts";
import { aligned } from "./text.ts";

/** One offer as data, flat. */
export function offerLine({ account, provider, size, regions, cost }: Offer) {
  const { name, title, kind, vcpus, memoryMiB, diskGiB, transferGiB, gpus, gpuType } = size;
  const known = { vcpus, memoryMiB, diskGiB, transferGiB, gpus, gpuType };
  const given = Object.fromEntries(Object.entries(known).filter(([, value]) => value !== undefined));
  return { account, provider, size: name, title, kind, ...given, regions, ...cost };
}

const HEADER = ["account", "size", "vCPU", "memory", "disk", "GPU", "kind", "hour", "month", "regions"];

/** Offers as a table: what one costs, has, and where it is. */
export function renderOffers(offers: readonly Offer[], { color }: Io): string[] {
  if (offers.length === 0) return [];
  const currency = offers[0]!.cost.currency;
  const header = HEADER.map((word) => (word === "hour" || word === "month" ? `${currency}/${word}` : word));
  const [first, ...rows] = aligned([header, ...offers.map(row)]);
  return [color.dim(first!), ...rows];
}

function row({ account, size, regions, cost }: Offer): string[] {
  return [
    account,
    size.name,
    String(size.vcpus),
    memoryWords(size.memoryMiB),
    `${size.diskGiB} GiB`,
    gpuWords(size),
    size.kind,
    perHour(cost.hourlyMicro),
    (cost.monthlyMicro / 1e6).toFixed(2),
    someOf(regions),
  ];
}

/** What was left out of a comparison, and why. */
export function leftOut(unpriced: Offers["unpriced"], others: readonly string[]): string[] {
  const sizes = new Map(unpriced.map(({ account, size }) => [`${account} ${size}`, size]));
  const accounts = [...new Set(unpriced.map(({ account }) => account))].join(", ");
  return [
    ...(sizes.size > 0
      ? [`${counted(sizes.size, "size")} of ${accounts} left out: no price is known (${someOf([...sizes.values()])})`]
      : []),
    ...(others.length > 0 ? [`prices in ${others.join(", ")} left out: --currency ${others[0]} compares those`] : []),
  ];
}
