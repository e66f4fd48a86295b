/** Micro-units in one unit of a currency, as a power of ten. */
const MICRO_DECIMALS = 6;

/**
 * A price as a file gives it, 4.99, in whole micro-units, 4990000; undefined when it has more than 6 decimals. By its decimal text: products
 * of floats lose cents (4.35 * 1e6 is not whole).
 */
export function toMicro(price: number): number | undefined {
  const [, whole, decimals = ""] = /^(\d+)(?:\.(\d+))?$/.exec(String(price)) ?? [];
  if (whole === undefined || decimals.length > MICRO_DECIMALS) return undefined;
  const micro = Number(whole + decimals.padEnd(MICRO_DECIMALS, "0"));
  return Number.isSafeInteger(micro) ? micro : undefined;
}

/** The same for an amount whose decimals may be more: rounded. */
export const roundToMicro = (amount: number): number => Math.round(amount * 10 ** MICRO_DECIMALS);
