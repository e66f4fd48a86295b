import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { whoOf } from "../../people/audit.ts";
import { isAboutAll, mayAs, type Principal } from "../../people/principal.ts";
import { whileMounted } from "../dialect/mounted.ts";
import { Refusal, refusalOf } from "../dialect/refusal.ts";
import { MOST_BODY_BYTES, parseBody, secure } from "../requests.ts";
import { sourceOf } from "../source.ts";
import { VpsApi, type VpsParts } from "./api.ts";
import { bodyCheck, queryCheck } from "./check.ts";
import { refusedAnswer } from "./envelope.ts";
import { describeVps } from "./openapi.ts";
import type { VpsAnswer, VpsRoute } from "./route.ts";
import { VPS_ROUTES } from "./routes.ts";

/** Paths of the dialect, as they are mounted. */
export const VPS_PATHS: readonly string[] = [
  "/api/vps",
  "/api/vps/*",
  "/api/admin/providers",
  "/api/admin/providers/*",
  "/openapi/vps.json",
];

/** A UUID tells an instance from the words that stand in its place: `/api/vps/linode/…`. */
const UUID = "[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}";

/** The multi-cloud VPS API: a dialect over the fleet, with envelopes of its own. */
export function vpsApp(parts: VpsParts, api = new VpsApi(parts)): Hono {
  const app = new Hono();

  app.use(async (c, next) => {
    await next();
    secure(c.res);
  });
  app.use(whileMounted("vps", parts.service));
  for (const route of VPS_ROUTES) {
    const handle = handler(parts, api, route);
    const onError = () => {
      throw new Refusal("malformed", "the body is larger than 1 MiB");
    };
    app.on(route.method.toUpperCase(), honoPath(route.path), bodyLimit({ maxSize: MOST_BODY_BYTES, onError }), handle);
  }
  app.get("/openapi/vps.json", (c) => c.json(describeVps(VPS_ROUTES)));
  app.notFound((c) => refused(c, parts, new Refusal("not-found", "there is nothing at this address")));
  app.onError((error, c) => refused(c, parts, error));
  return app;
}

/** A provider that is none is told as such, so its id may be anything. */
const honoPath = (path: string): string =>
  path.startsWith("/api/vps/") ? path.replace("{id}", `:id{${UUID}}`) : path.replace("{id}", ":id");

function handler(parts: VpsParts, api: VpsApi, route: VpsRoute): (c: Context) => Promise<Response> {
  const checkBody = route.body === undefined ? undefined : bodyCheck(route.body);
  const checkQuery = queryCheck(route.query ?? []);
  return async (c) => {
    const principal = await allowed(parts, route, c);
    const query = checkQuery(new URL(c.req.url).searchParams);
    const body = checkBody?.(parseBody(await c.req.text()));
    const signal = AbortSignal.any([c.req.raw.signal, api.stopping, AbortSignal.timeout(api.patience.deadlineMs)]);
    const id = (c.req.param("id") ?? "").toLowerCase();
    const call = { principal, id, query, body, source: sourceOf(c), signal, context: c };
    // The schemas beside a route say that this is what it takes.
    const answer = await route.run(api, call as never);
    if (route.method !== "get") await audit(api, route, principal, c, answer);
    return send(c, route, answer);
  };
}

/** @throws {Refusal} unauthenticated, forbidden */
async function allowed({ authenticate }: VpsParts, { admin }: VpsRoute, c: Context): Promise<Principal> {
  const principal = await authenticate(c.req.raw.headers, sourceOf(c));
  if (principal === undefined)
    throw new Refusal("unauthenticated", "give an access token or an API key: Authorization: Bearer …");
  // Whose role is about some owners or accounts has no say over the accounts of all.
  if (admin && !(mayAs(principal, "admin") && isAboutAll(principal)))
    throw new Refusal("forbidden", "this is for admins of the whole fleet");
  return principal;
}

/** What was asked and by whom, never what was sent. */
async function audit(api: VpsApi, { id }: VpsRoute, principal: Principal, c: Context, { change }: VpsAnswer) {
  await api.people.audit.audit({
    who: whoOf(principal),
    action: `vps.${id}`,
    object: c.req.path,
    source: sourceOf(c),
    ...(change !== undefined && { data: { change } }),
  });
}

function send(c: Context, { answer }: VpsRoute, { status = answer.status, body, change }: VpsAnswer): Response {
  if (change !== undefined) c.header("fleetwright-change", change);
  return c.json(body as object, status as 200);
}

function refused(c: Context, { logger }: VpsParts, error: unknown): Response {
  if (refusalOf(error).kind === "internal") {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    logger.error({ instance: `urn:uuid:${randomUUID()}`, path: c.req.path, error: told }, "a request has failed");
  }
  const { status, body, headers } = refusedAnswer(error);
  return c.json(body, status as 400, headers);
}
