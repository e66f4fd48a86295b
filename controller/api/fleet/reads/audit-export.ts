import type { StoredAudit } from "../../../people/types.ts";
import type { FleetApi } from "../api.ts";
import { type Call, type Route, route } from "../route.ts";
import { filter, text } from "../shapes.ts";
import { requireAll } from "../writes/about-all.ts";

interface Query {
  email?: string;
  object?: string;
  after?: number;
}

const PARAMETERS = [
  filter("email", "Only of this person, by mail address."),
  filter("object", "Only what was done to this: `user ada@example.org`."),
  filter("after", "Only entries behind this number.", { type: "integer", minimum: 0, maximum: 2 ** 53 - 1 }),
];

const COLUMNS = ["seq", "at", "email", "via", "action", "object", "data", "source"] as const;

/** The audit log as a whole, the oldest entry first, as long as it is. */
export const auditExports: readonly Route[] = [
  route<Query>({
    id: "exportAudit",
    method: "get",
    path: "/fleet/v1/audit/export.ndjson",
    tag: "audit",
    role: "admin",
    summary: "Export the audit log as lines of JSON",
    description: "One object a line, as the list has them. For those who are about all of the fleet.",
    parameters: PARAMETERS,
    answers: { 200: { description: "The log.", schema: text, type: "application/x-ndjson" } },
    run: (api, call) => exported(api, call, "application/x-ndjson", (entry) => `${JSON.stringify(entry)}\n`),
  }),
  route<Query>({
    id: "exportAuditCsv",
    method: "get",
    path: "/fleet/v1/audit/export.csv",
    tag: "audit",
    role: "admin",
    summary: "Export the audit log as a table",
    description: "CSV (RFC 4180) with a header. A cell that a spreadsheet would compute begins with an apostrophe.",
    parameters: PARAMETERS,
    answers: { 200: { description: "The log.", schema: text, type: "text/csv" } },
    run: (api, call) => exported(api, call, "text/csv", (entry) => row(cellsOf(entry)), row([...COLUMNS])),
  }),
];

function exported(
  { people, stopping }: FleetApi,
  { principal, parameters: { email, object, after } }: Call<Query>,
  type: string,
  line: (entry: StoredAudit) => string,
  head = "",
): Response {
  requireAll(principal, "the audit log");
  const query = { ...(email && { email }), ...(object && { object }), ...(after !== undefined && { after }) };
  const lines = people.audit.entries(query);
  const bytes = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      if (head !== "") controller.enqueue(bytes.encode(head));
    },
    // Read as it is taken: who reads slowly holds no more than a page.
    async pull(controller) {
      const { done, value } = stopping.aborted ? { done: true, value: undefined } : await lines.next();
      if (done || value === undefined) controller.close();
      else controller.enqueue(bytes.encode(line(value)));
    },
    async cancel() {
      await lines.return(undefined);
    },
  });
  return new Response(body, { headers: { "content-type": type } });
}

const cellsOf = ({ seq, at, who, action, object, data, source }: StoredAudit): string[] => [
  String(seq),
  at,
  who?.email ?? "",
  who?.via ?? "",
  action,
  object ?? "",
  data === undefined ? "" : JSON.stringify(data),
  source ?? "",
];

const row = (cells: readonly string[]): string =>
  `${cells.map((cell) => `"${(/^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell).replaceAll('"', '""')}"`).join(",")}\r\n`;
