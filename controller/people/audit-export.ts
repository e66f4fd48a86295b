import type { StoredAudit } from "./types.ts";

export const AUDIT_FORMATS = ["ndjson", "csv"] as const;
export type AuditFormat = (typeof AUDIT_FORMATS)[number];

export const AUDIT_TYPES: Readonly<Record<AuditFormat, string>> = {
  ndjson: "application/x-ndjson; charset=utf-8",
  csv: "text/csv; charset=utf-8",
};

export const isAuditFormat = (text: string | undefined | null): text is AuditFormat =>
  AUDIT_FORMATS.some((format) => format === text);

/** The columns of a CSV, in their order. */
const COLUMNS: Readonly<Record<string, (entry: StoredAudit) => string | undefined>> = {
  seq: ({ seq }) => String(seq),
  at: ({ at }) => at,
  id: ({ who }) => who?.id,
  email: ({ who }) => who?.email,
  via: ({ who }) => who?.via,
  key: ({ who }) => who?.key,
  action: ({ action }) => action,
  object: ({ object }) => object,
  source: ({ source }) => source,
  data: ({ data }) => (data === undefined ? undefined : JSON.stringify(data)),
};

/**
 * The audit log as text, entry by entry as they come: NDJSON has one object a line, CSV a row each below one of names, with `data` as JSON.
 * @see https://www.rfc-editor.org/rfc/rfc4180
 */
export async function* auditExport(entries: AsyncIterable<StoredAudit>, format: AuditFormat): AsyncGenerator<string> {
  if (format === "csv") yield rowOf(Object.keys(COLUMNS));
  for await (const entry of entries)
    yield format === "ndjson"
      ? `${JSON.stringify(entry)}\n`
      : rowOf(Object.values(COLUMNS).map((column) => column(entry) ?? ""));
}

/** The same as bytes, read as they are taken: who reads slowly holds no more than a page. A controller that stops cuts it off. */
export function auditStream(
  entries: AsyncIterable<StoredAudit>,
  format: AuditFormat,
  stopping?: AbortSignal,
): ReadableStream<Uint8Array> {
  const lines = auditExport(entries, format);
  const bytes = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = stopping?.aborted ? { done: true, value: undefined } : await lines.next();
      if (done || value === undefined) controller.close();
      else controller.enqueue(bytes.encode(value));
    },
    async cancel() {
      await lines.return(undefined);
    },
  });
}

const rowOf = (cells: readonly string[]): string => `${cells.map(cellOf).join(",")}\r\n`;

function cellOf(text: string): string {
  // What begins like a formula would be one to a program for tables, whoever has written it.
  const plain = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
