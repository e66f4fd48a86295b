import { createHash } from "node:crypto";

/**
 * Jump consistent hash (Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm"): a bucket from 0 to `buckets` - 1 such that
 * going from n to n + 1 buckets moves one key in n + 1 and no key between old buckets.
 */
export function jumpHash(key: string, buckets: number): number {
  if (!Number.isInteger(buckets) || buckets < 1)
    throw new RangeError(`a count of cells must be a whole number from 1, not ${buckets}`);
  let state = createHash("sha256").update(key).digest().readBigUInt64BE();
  let bucket = -1;
  let next = 0;
  while (next < buckets) {
    bucket = next;
    state = BigInt.asUintN(64, state * 2862933555777941757n + 1n);
    next = Math.floor((bucket + 1) * (2 ** 31 / (Number(state >> 33n) + 1)));
  }
  return bucket;
}

/** The stack of an account's servers that holds this one. Neither the file's path nor a table has a say in it. */
export function serverStack(account: string, identity: string, cells: number): string {
  return `${account}.${jumpHash(identity, cells)}`;
}

/** A stack for one server alone, whose create would hold up every other one in its stack. No cell is called like it. */
export const ownStack = (account: string, identity: string): string => `${account}.x-${identity.replaceAll("~", "_")}`;
export const isOwnStack = (stack: string): boolean => /\.x-[^.]*$/.test(stack);

/** The stack of what an account's servers share. */
export const baseStack = (account: string): string => `${account}.base`;
export const isBaseStack = (stack: string): boolean => stack.endsWith(".base");
