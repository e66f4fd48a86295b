import { AUDIT_TYPES, type AuditFormat, auditStream } from "../../../people/audit-export.ts";
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
    run: (api, call) => exported(api, call, "ndjson"),
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
    run: (api, call) => exported(api, call, "csv"),
  }),
];

function exported(
  { people, stopping }: FleetApi,
  { principal, parameters: { email, object, after } }: Call<Query>,
  format: AuditFormat,
): Response {
  requireAll(principal, "the audit log");
  const query = { ...(email && { email }), ...(object && { object }), ...(after !== undefined && { after }) };
  const body = auditStream(people.audit.entries(query), format, stopping);
  return new Response(body, { headers: { "content-type": AUDIT_TYPES[format] } });
}
