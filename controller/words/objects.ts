import type { Effect } from "../reconcile/types.ts";

/** What people call a kind, where that is not its own word. */
const WORDS: Partial<Record<Effect["object"]["kind"], string>> = { SshKey: "key", AggregateHost: "host" };

/** `web-1` for a server, `firewall web` for what servers share. */
export function label({ kind, name }: Pick<Effect["object"], "kind" | "name">): string {
  if (kind === "Server") return name;
  return `${WORDS[kind] ?? kind.toLowerCase()} ${name}`;
}
