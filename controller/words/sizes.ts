import type { Offer } from "../catalog/offers.ts";

/** `2 × L40`; nothing where there is none. */
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
