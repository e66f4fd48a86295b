import type { Offer, Offers } from "../../catalog/offers.ts";
import { memoryWords } from "../../catalog/units.ts";
import type { Io } from "../io.ts";
import { aligned, counted } from "./text.ts";

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

export function gpuWords({ gpus = 0, gpuType = "GPU" }: Pick<Offer["size"], "gpus" | "gpuType">): string {
  return gpus === 0 ? "" : `${gpus} × ${gpuType}`;
}

/** Cents say nothing about an hour: `0.0075`, `1.50`, `0.00893`. */
export function perHour(micro: number): string {
  const [whole, decimals = ""] = (micro / 1e6).toFixed(6).split(".");
  return `${whole}.${decimals.replace(/0+$/, "").padEnd(2, "0")}`;
}

/** `us-east, us-ord and 9 more`. */
export function someOf(names: readonly string[], shown = 2): string {
  if (names.length <= shown + 1) return names.join(", ");
  return `${names.slice(0, shown).join(", ")} and ${names.length - shown} more`;
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
