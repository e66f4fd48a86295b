/** What an event says, in the words that most have, and what it counts where it counts. */
export function eventWords(data: unknown): { told: string[]; changes?: unknown } {
  if (typeof data === "string") return { told: [data] };
  if (typeof data !== "object" || data === null) return { told: [] };
  const { message, text, reason, op, outcome, changes } = data as Record<string, unknown>;
  const told = [message, text, reason, op, outcome].filter((one) => typeof one === "string");
  return { told, ...(changes !== undefined && { changes }) };
}

/** `Server//web-1` is `web-1`. */
export const eventObject = (key: string): string => key.replace(/^Server\/\//, "").replaceAll("/", " ");
