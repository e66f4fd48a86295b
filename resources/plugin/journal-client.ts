import { setTimeout as delay } from "node:timers/promises";
import { FleetError } from "../errors.ts";
import type { Journal, JournalEntry } from "../journal.ts";

const ATTEMPTS = 3;
const TIMEOUT_MS = 10_000;

/**
 * The journal that `serveJournal` serves at `url`. Each of its calls may be repeated: a second `begin` answers an earlier entry, which only
 * makes the caller look before it creates.
 *
 * @throws {FleetError} USAGE for an address that is not on loopback: intents and their token do not travel.
 */
export function httpJournal(options: { url: string; token: string; fetch?: typeof fetch }): Journal {
  const { url, token } = options;
  assertLoopback(url);
  const send = options.fetch ?? fetch;

  async function post(path: string, body: object): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        const response = await send(new URL(path, url), {
          method: "POST",
          headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
          body: JSON.stringify(body),
          signal: AbortSignal.timeout(TIMEOUT_MS),
        });
        if (!response.ok) throw new Error(`it answered ${response.status}`);
        return await response.json();
      } catch (cause) {
        if (attempt === ATTEMPTS) {
          const why = cause instanceof Error ? cause.message : String(cause);
          throw new FleetError("STORE_FAILED", `the journal of creates cannot be written: ${why}`, { path }, { cause });
        }
        await delay(200 * attempt);
      }
    }
  }

  return {
    async begin(entry) {
      const answer = (await post("/begin", entry)) as { entry?: JournalEntry | null };
      return answer.entry ?? undefined;
    },
    answered: async (account, key, id) => void (await post("/answered", { account, key, id })),
    refused: async (account, key) => void (await post("/refused", { account, key })),
  };
}

/**
 * For a provider without a controller: nothing is remembered, so every create is taken for one that was tried before, and looks by its mark
 * first. The attempt is dated long ago, as there is none whose effect is worth waiting for.
 */
export function lookFirstJournal(): Journal {
  const longAgo = new Date(0).toISOString();
  return {
    begin: async (entry) => ({ ...entry, startedAt: longAgo, attemptedAt: longAgo }),
    answered: async () => {},
    refused: async () => {},
  };
}

function assertLoopback(url: string): void {
  const host = URL.canParse(url) ? new URL(url).hostname : undefined;
  if (host === "127.0.0.1" || host === "localhost" || host === "[::1]") return;
  throw new FleetError("USAGE", "FLEETWRIGHT_JOURNAL must be an http address on loopback");
}
