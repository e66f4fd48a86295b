import type { Journal } from "../../resources/journal.ts";
import type { StackObject } from "../../resources/spec.ts";
import type { Store } from "../store/types.ts";
import type { MatchedAccount } from "./match.ts";
import type { Work } from "./types.ts";

const LONGEST_WORDS = 500;

/**
 * The journal of one account. Intents are kept by its identity: under its name a rename would lose them, and buy again.
 * @param redact takes out of a cloud's words what must show nowhere: some repeat the request in their errors
 */
export function journalOf(
  store: Pick<Store, "journal">,
  { identity }: Pick<MatchedAccount, "identity">,
  redact: (text: string) => string,
): Journal {
  const { journal } = store;
  return {
    begin: ({ kind, key }) => journal.begin({ account: identity, kind, key }),
    answered: (_account, key, id) => journal.answered(identity, key, id),
    refused: (_account, key) => journal.refused(identity, key),
    explain: async (_account, key, { code, message }) =>
      await journal.explain?.(identity, key, { code, message: shortened(redact(message)) }),
  };
}

/** Only of what has no secret any more: one that is cut, or whose lines are joined, would not be known as such. */
const shortened = (text: string): string => text.replace(/\s+/g, " ").trim().slice(0, LONGEST_WORDS);

/** Notes what is known to stand under its mark, so that a create for the mark is answered with it and never sent. */
export async function noteMachine(
  store: Store,
  account: string,
  mark: string,
  id: string,
  kind: "Server" | "Firewall" | "Port" | "Snapshot" = "Server",
): Promise<void> {
  if ((await store.intent(account, mark))?.id !== undefined) return;
  await store.journal.begin({ account, kind, key: mark });
  await store.journal.answered(account, mark, id);
}

/**
 * A plugin that believes a false 404 takes a running machine, a firewall, a port or a snapshot out of state, and the same run makes it anew. Whatever may come to that
 * is in the journal first, also when the journal was lost with the database.
 */
export async function noteKept(store: Store, account: string, works: Work[]): Promise<void> {
  for (const { applied, desired, mark } of works) {
    if (desired === undefined || !isNoted(desired)) continue;
    if (applied?.cloudId === undefined || applied.mark !== mark) continue;
    await noteMachine(store, account, mark, applied.cloudId, desired.kind);
  }
}

const isNoted = (
  spec: StackObject,
): spec is Extract<StackObject, { kind: NonNullable<Parameters<typeof noteMachine>[4]> }> =>
  ["Server", "Firewall", "Port", "Snapshot"].includes(spec.kind);
