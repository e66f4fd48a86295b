import { OWN_SECRETS } from "./secrets.ts";
import type { AuditEntry, AuditQuery, PeopleStore, StoredAudit } from "./types.ts";

const MOST = 1000;
const HIDDEN = "[hidden]";
/** Fields that hold a secret by their name, in any spelling: `newPassword`, `api_key`. */
const SECRET_FIELD = /(password|passphrase|secret|token|credential|authorization|cookie|api_?key|private_?key)s?$/i;
const JWT = /\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*/g;
const LONGEST_TEXT = 2000;

export type AuditStore = Pick<PeopleStore, "audit" | "audits">;

/**
 * Who did what to what, for good: the database refuses to change or remove an entry. Secrets are taken out of what is told here, by the
 * name of their field and by the shape of ours.
 */
export class AuditLog {
  readonly #store: AuditStore;

  constructor(store: AuditStore) {
    this.#store = store;
  }

  /** Answers the entry's number. @throws {FleetError} STORE_FAILED */
  async audit(entry: AuditEntry): Promise<number> {
    return await this.#store.audit(withoutSecrets(entry));
  }

  /** The newest first, at most 1000; `next` is the `before` of the next page, or the `after` where that was asked for. */
  async list(query: Partial<AuditQuery> = {}): Promise<{ entries: StoredAudit[]; next?: number }> {
    const limit = Math.max(1, Math.min(query.limit ?? 100, MOST));
    const entries = await this.#store.audits({ ...query, limit: limit + 1 });
    const page = entries.slice(0, limit);
    return { entries: page, ...(entries.length > limit && { next: page.at(-1)!.seq }) };
  }

  /** One JSON object a line, as `entries` has them. */
  async *exported(query: Omit<Partial<AuditQuery>, "before" | "limit"> = {}): AsyncGenerator<string> {
    for await (const entry of this.entries(query)) yield `${JSON.stringify(entry)}\n`;
  }

  /** All of it, the oldest first. What is written meanwhile is in it as well. */
  async *entries(query: Omit<Partial<AuditQuery>, "before" | "limit"> = {}): AsyncGenerator<StoredAudit> {
    for (let after = query.after ?? 0; ; ) {
      const entries = await this.#store.audits({ ...query, after, limit: MOST });
      yield* entries;
      if (entries.length < MOST) return;
      after = entries.at(-1)!.seq;
    }
  }
}

export function withoutSecrets(entry: AuditEntry): AuditEntry {
  const { object, source, data } = entry;
  return {
    ...entry,
    ...(object !== undefined && { object: cleaned(object) }),
    ...(source !== undefined && { source: cleaned(source).slice(0, 100) }),
    ...(data !== undefined && { data: hide(data) }),
  };
}

function hide(value: unknown): unknown {
  if (typeof value === "string") return cleaned(value);
  if (Array.isArray(value)) return value.map(hide);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [
      name,
      SECRET_FIELD.test(name) && inner !== undefined && typeof inner !== "boolean" ? HIDDEN : hide(inner),
    ]),
  );
}

/** NUL is no character of a text in PostgreSQL. */
const cleaned = (text: string): string =>
  text.replace(OWN_SECRETS, HIDDEN).replace(JWT, HIDDEN).replaceAll("\0", "").slice(0, LONGEST_TEXT);
