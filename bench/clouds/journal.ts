import type { Journal, JournalEntry } from "../../resources/journal.ts";

/** Intents in memory: what is measured is requests, and no process ends on the way. */
export function memoryJournal(): Journal {
  const entries = new Map<string, JournalEntry>();
  return {
    async begin(intent) {
      const before = entries.get(intent.key);
      const now = new Date().toISOString();
      entries.set(intent.key, { ...intent, startedAt: before?.startedAt ?? now, attemptedAt: now });
      return before;
    },
    async answered(_account, key, id) {
      const entry = entries.get(key);
      if (entry !== undefined) entries.set(key, { ...entry, id });
    },
    async refused(_account, key) {
      entries.delete(key);
    },
  };
}
