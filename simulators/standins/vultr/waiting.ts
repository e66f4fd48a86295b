import { pluginError } from "../wire.ts";
import type { VultrClient } from "./client.ts";

const FIRST_MS = 10_000;
/** Waits between the reads after the first; the last one goes on. */
const NEXT_MS = [3_000, 6_000, 10_000] as const;

/**
 * Reads until it has the value that is wanted, first after 10 s. A failed read ends it, a 404 among them, and so does a value that may not come before.
 *
 * @throws {StatusError}
 */
export async function until(
  client: VultrClient,
  read: () => Promise<string>,
  wanted: { target: string; before: readonly string[] },
  signal: AbortSignal,
): Promise<void> {
  for (let round = 0; ; round++) {
    await client.waits.wait(round === 0 ? FIRST_MS : NEXT_MS[Math.min(round - 1, NEXT_MS.length - 1)]!, signal);
    const value = await read();
    if (value === wanted.target) return;
    if (!wanted.before.includes(value))
      throw pluginError(`unexpected state '${value}', wanted target '${wanted.target}'. last error: %!s(<nil>)`);
  }
}
