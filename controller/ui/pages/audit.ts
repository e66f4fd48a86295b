import { html } from "hono/html";
import { FleetError } from "../../../resources/errors.ts";
import { AUDIT_TYPES, auditStream, isAuditFormat } from "../../people/audit-export.ts";
import { isAboutAll } from "../../people/principal.ts";
import type { StoredAudit } from "../../people/types.ts";
import { actorWords } from "../../words/people.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { table } from "../parts/table.ts";
import { ago, empty, value } from "../parts/words.ts";
import type { Page, Visit } from "../visit.ts";

const ON_A_PAGE = 50;
const FILTERS = { email: "By (mail address)", action: "Action", object: "To what" } as const;

const COLUMNS = [
  { words: "Number", isNumber: true },
  { words: "When" },
  { words: "Who" },
  { words: "What" },
  { words: "To what" },
  { words: "With" },
  { words: "From" },
] as const;

/** `/ui/audit`: who did what, the newest first. */
export async function auditPage(visit: Visit): Promise<Page> {
  const { parts, c } = visit;
  requireAll(visit);
  const query = new URL(c.req.url).searchParams;
  const filter = filterOf(query);
  const before = Number(query.get("before"));
  const isPaged = Number.isSafeInteger(before) && before > 0;
  const { entries, next } = await parts.people.audit.list({ ...filter, limit: ON_A_PAGE, ...(isPaged && { before }) });
  const now = parts.controller.now();
  const to = (path: string, more: Record<string, string>) => `${path}?${new URLSearchParams({ ...filter, ...more })}`;
  return {
    title: "Audit",
    place: "audit",
    body: html`<div class="head"><h1>Audit</h1>
<a class="button" href="${to("/ui/audit/export", { format: "ndjson" })}" download>Export as NDJSON</a>
<a class="button" href="${to("/ui/audit/export", { format: "csv" })}" download>Export as CSV</a></div>
<form class="search" role="search" method="get" action="/ui/audit">${Object.entries(FILTERS).map(
      ([name, words]) =>
        html`<label><span>${words}</span><input name="${name}" value="${filter[name] ?? ""}" maxlength="300" autocomplete="off"></label>`,
    )}<button>Show</button></form>
${
  entries.length === 0
    ? empty("Nothing like that is on record.")
    : table(
        "Audit log",
        COLUMNS,
        entries.map((entry) => cells(entry, now)),
      )
}
${next === undefined ? nothing : html`<nav class="pager" aria-label="Pages"><span></span><span></span><a rel="next" href="${to("/ui/audit", { before: String(next) })}">Older →</a></nav>`}`,
  };
}

/** `/ui/audit/export?format=csv`: all of it that the filter lets through, the oldest first. */
export async function auditExportPage(visit: Visit): Promise<Response> {
  const { parts, c } = visit;
  requireAll(visit);
  const query = new URL(c.req.url).searchParams;
  const format = query.get("format") ?? "ndjson";
  if (!isAuditFormat(format)) throw new FleetError("USAGE", "the log is exported as ndjson or csv");
  return c.body(auditStream(parts.people.audit.entries(filterOf(query)), format), 200, {
    "content-type": AUDIT_TYPES[format],
    "content-disposition": `attachment; filename="audit.${format}"`,
  });
}

/** @throws {FleetError} FORBIDDEN: entries are about whatever there is. */
function requireAll({ who }: Visit): void {
  if (!isAboutAll(who)) throw new FleetError("FORBIDDEN", "the audit log is for those who are about all of the fleet");
}

function filterOf(query: URLSearchParams): Record<string, string> {
  return Object.fromEntries(
    Object.keys(FILTERS).flatMap((name) => {
      const text = query.get(name)?.replaceAll("\0", "").trim().slice(0, 300);
      return text ? [[name, text]] : [];
    }),
  );
}

const cells = ({ seq, at, who, action, object, data, source }: StoredAudit, now: number): (Markup | string)[] => [
  String(seq),
  ago(at, now),
  actorWords(who),
  html`<a href="/ui/audit?action=${encodeURIComponent(action)}">${action}</a>`,
  object === undefined ? "—" : html`<a href="/ui/audit?object=${encodeURIComponent(object)}">${object}</a>`,
  value(data),
  source ?? "—",
];
