import { setTimeout as delay } from "node:timers/promises";
import type { Call } from "./cloud.ts";
import { FleetError } from "./errors.ts";

const FIRST_MS = 250;
const LONGEST_MS = 3_000;

/** Asks until `look` answers something, ever less often. @throws {FleetError} DEADLINE, saying `what` was waited for. */
export async function poll<T>(call: Call, what: string, look: () => Promise<T | undefined>): Promise<T> {
  for (let pauseMs = FIRST_MS; ; pauseMs = Math.min(LONGEST_MS, pauseMs * 1.5)) {
    const seen = await look();
    if (seen !== undefined) return seen;
    try {
      await delay(pauseMs, undefined, { signal: call.signal });
    } catch (cause) {
      if (call.signal.reason instanceof FleetError) throw call.signal.reason;
      throw new FleetError("DEADLINE", `gave up waiting for ${what}`, { account: call.account.spec.name }, { cause });
    }
  }
}
