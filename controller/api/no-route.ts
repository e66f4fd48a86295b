import type { Context } from "hono";

/** What any unknown path below `/api` is answered with, whichever dialect it may have been meant for. */
export const noRoute = (c: Context): Response =>
  c.json(
    { status: "error", error: "no route", details: { method: c.req.method, path: c.req.path.slice(0, 200) } },
    404,
  );
