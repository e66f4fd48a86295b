import { PAGE_PARAMETERS, type PageQuery, pageOf, readCursor, writeCursor } from "../page.ts";
import { type Route, route } from "../route.ts";
import { anything, instant, record, text, whole } from "../shapes.ts";
import { requireAll } from "../writes/about-all.ts";

/** Who did what. */
export const auditRoutes: readonly Route[] = [
  route<PageQuery>({
    id: "listAudit",
    method: "get",
    path: "/fleet/v1/audit",
    tag: "audit",
    role: "admin",
    summary: "List the audit log",
    description:
      "The newest first: sign-ins, mutations, changes to people and keys. For those who are about all of the fleet.",
    parameters: PAGE_PARAMETERS,
    answers: {
      200: {
        description: "A page of the log.",
        schema: pageOf(
          record({
            seq: whole,
            at: instant,
            "who?": record({ "id?": text, "email?": text, "via?": text }),
            action: text,
            "object?": text,
            "data?": anything,
            "source?": text,
          }),
        ),
      },
    },
    run: async ({ people }, { principal, parameters: { limit, cursor } }) => {
      requireAll(principal, "the audit log");
      const [before] = (readCursor(cursor, "audit", ["number"]) ?? []) as number[];
      const { entries, next } = await people.audit.list({ limit, ...(before !== undefined && { before }) });
      return { body: { items: entries, ...(next !== undefined && { next: writeCursor(["audit", next]) }) } };
    },
  }),
];
