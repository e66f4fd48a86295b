import type { Journal } from "../../resources/journal.ts";
import type { Store } from "../store/types.ts";
import type { MatchedAccount } from "./match.ts";
import type { Work } from "./types.ts";

/** The journal of one account. Intents are kept by its identity: under its name a rename would lose them, and buy again. */
export function journalOf(store: Pick<Store, "journal">, { identity }: Pick<MatchedAccount, "identity">): Journal {
  const { journal } = store;
  return {
    begin: ({ kind, key }) => journal.begin({ account: identity, kind, key }),
    answered: (_account, key, id) => journal.answered(identity, key, id),
    refused: (_account, key) => journal.refused(identity, key),
    explain: async (_account, key, refusal) => await journal.explain?.(identity, key, refusal),
  };
}

/** Notes what is known to stand under its mark, so that a create for the mark is answered with it and never sent. */
export async function noteMachine(
  store: Store,
  account: string,
  mark: string,
  id: string,
  kind: "Server" | "Firewall" = "Server",
): Promise<void> {
  if ((await store.intent(account, mark))?.id !== undefined) return;
  await store.journal.begin({ account, kind, key: mark });
  await store.journal.answered(account, mark, id);
}

/**
 * A plugin that believes a false 404 takes a running machine or a firewall out of state, and the same run makes it anew. Whatever may come to that
 * is in the journal first, also when the journal was lost with the database.
 */
export async function noteKept(store: Store, account: string, works: Work[]): Promise<void> {
  for (const { applied, desired, mark } of works) {
    if (desired?.kind !== "Server" && desired?.kind !== "Firewall") continue;
    if (applied?.cloudId === undefined || applied.mark !== mark) continue;
    await noteMachine(store, account, mark, applied.cloudId, desired.kind);
  }
}
