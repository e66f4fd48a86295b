import { randomUUID } from "node:crypto";
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { whoOf } from "../../people/audit.ts";
import { mayAs, type Principal } from "../../people/principal.ts";
import { honoPath, MOST_BODY_BYTES, parseBody, secure } from "../requests.ts";
import { sourceOf } from "../source.ts";
import { FleetApi, type FleetParts } from "./api.ts";
import { type RequestCheck, requestChecks } from "./check.ts";
import { once } from "./once.ts";
import { describe } from "./openapi.ts";
import { ApiError, problemOf } from "./problems.ts";
import { type Answer, isMutation, type Mutation, type Route } from "./route.ts";
import { ROUTES, TAGS } from "./routes.ts";

const MOST_URI_CHARS = 8 * 1024;
const MOST_HEADER_CHARS = 16 * 1024;
const LONGEST_WAIT_SECONDS = 60;
/** Whoever waits longer asks again, beside the time that was asked for. */
const DEADLINE_MS = 60_000;

/** What programs and people read the fleet by, and change it: all of it comes from the table of routes. */
export function fleetApp(parts: FleetParts): Hono {
  const description = describe(ROUTES, TAGS);
  const api = new FleetApi(parts, description);
  const checkOf = requestChecks(description);
  const app = new Hono();

  app.use(async (c, next) => {
    await next();
    secure(c.res);
  });
  app.use(async (c, next) => {
    refuseOversized(c);
    await next();
  });
  for (const path of new Set(ROUTES.map((one) => one.path))) {
    const routes = ROUTES.filter((one) => one.path === path);
    const allow = allowed(routes);
    for (const one of routes) {
      const check = checkOf(one);
      const limit = bodyLimit({ maxSize: MOST_BODY_BYTES, onError: () => fail("BODY_TOO_LARGE", "at most 1 MiB") });
      app.on(one.method.toUpperCase(), honoPath(path), limit, async (c) =>
        send(c, await answer(parts, api, one, check, c)),
      );
    }
    app.options(honoPath(path), () => new Response(null, { status: 204, headers: { allow } }));
    app.all(honoPath(path), (c) => {
      throw new ApiError("METHOD_NOT_ALLOWED", `${c.req.method.slice(0, 20)} is none of ${allow}`, {
        headers: { allow },
      });
    });
  }
  app.notFound((c) => problem(c, parts, new ApiError("NOT_FOUND", "there is nothing at this address")));
  app.onError((error, c) => problem(c, parts, error));
  return app;
}

const allowed = (routes: readonly Route[]): string =>
  [...routes.flatMap(({ method }) => (method === "get" ? ["GET", "HEAD"] : [method.toUpperCase()])), "OPTIONS"].join(
    ", ",
  );

const fail = (code: ConstructorParameters<typeof ApiError>[0], message: string): never => {
  throw new ApiError(code, message);
};

function refuseOversized(c: Context): void {
  if (c.req.url.length > MOST_URI_CHARS) fail("URI_TOO_LONG", `at most ${MOST_URI_CHARS} characters`);
  let size = 0;
  for (const [name, value] of c.req.raw.headers) size += name.length + value.length;
  if (size > MOST_HEADER_CHARS) fail("HEADERS_TOO_LARGE", `at most ${MOST_HEADER_CHARS} characters together`);
}

async function answer(
  { authenticate }: FleetParts,
  api: FleetApi,
  route: Route,
  check: RequestCheck,
  c: Context,
): Promise<Answer | Response> {
  const query = new URL(c.req.url).searchParams;
  const given = { path: c.req.param() as Record<string, string>, query, header: (name: string) => c.req.header(name) };
  if (route.role === "anyone") {
    check.parameters(given);
    const body = route.body === undefined ? undefined : check.body(await readBody(c));
    return await route.run(api, { context: c, body: body as never, source: sourceOf(c) });
  }
  const principal = await authenticate(c.req.raw.headers, sourceOf(c));
  if (principal === undefined)
    throw new ApiError("UNAUTHENTICATED", "give an access token or an API key: Authorization: Bearer …", {
      headers: { "www-authenticate": "Bearer" },
    });
  if (!mayAs(principal, route.role))
    throw new ApiError("FORBIDDEN", `this is for the role ${route.role} and above, and yours is ${principal.role}`);
  const parameters = check.parameters(given);
  const body = route.body === undefined ? undefined : check.body(await readBody(c));
  const mutation = isMutation(route) ? mutationOf(principal, parameters) : undefined;
  const deadline = AbortSignal.timeout(DEADLINE_MS + (mutation?.waitMs ?? 0));
  const signal = AbortSignal.any([c.req.raw.signal, api.stopping, deadline]);
  const call = { principal, parameters, body, source: sourceOf(c), signal, context: c, ...(mutation && { mutation }) };
  // The schemas beside a route say that this is what it takes.
  const run = async () => await route.run(api, call as never);
  if (mutation === undefined || mutation.dryRun) return await run();
  const audited = async () => {
    const result = await run();
    await audit(api, route, principal, c, result);
    return result;
  };
  if (!route.once) return await audited();
  query.delete("dryRun");
  const asked = { route: route.id, path: c.req.path, query: query.toString(), body };
  return await once(api.controller, mutation.key, asked, async () => (await audited()) as Answer);
}

/** Every mutation that was taken, with what it was about: never what was sent, which may be anything. */
async function audit(api: FleetApi, { id }: Route, principal: Principal, c: Context, result: Answer | Response) {
  const change = result instanceof Response ? undefined : (result.body as { id?: unknown } | undefined)?.id;
  const data = typeof change === "string" && change.startsWith("c-") ? { data: { change } } : {};
  await api.people.audit.audit({
    who: whoOf(principal),
    action: `api.${id}`,
    object: c.req.path,
    source: sourceOf(c),
    ...data,
  });
}

async function readBody(c: Context): Promise<unknown> {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  if (type !== "application/json") fail("MEDIA_TYPE", "content-type: application/json is wanted");
  return parseBody(await c.req.text());
}

function mutationOf({ id }: Principal, parameters: Record<string, unknown>): Mutation {
  const seconds = /(?:^|[,;\s])wait=(\d{1,6})(?:$|[,;\s])/.exec(String(parameters.Prefer ?? ""))?.[1] ?? "0";
  return {
    key: `${id} ${parameters["Idempotency-Key"]}`,
    dryRun: parameters.dryRun === true,
    waitMs: Math.min(Number(seconds), LONGEST_WAIT_SECONDS) * 1000,
  };
}

function send(c: Context, result: Answer | Response): Response {
  if (result instanceof Response) return result;
  const { status = 200, body, headers = {} } = result;
  for (const [name, value] of Object.entries(headers)) c.header(name, value);
  c.status(status as 200);
  return body === undefined ? c.body(null) : c.json(body);
}

function problem(c: Context, { logger }: FleetParts, error: unknown): Response {
  const instance = `urn:uuid:${randomUUID()}`;
  const body = problemOf(error, instance);
  if (body.status >= 500 && body.code !== "NOT_READY") {
    const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
    logger.error({ instance, path: c.req.path, error: told }, "a request has failed");
  }
  const headers = { "content-type": "application/problem+json", ...(error instanceof ApiError ? error.headers : {}) };
  return c.body(JSON.stringify(body), body.status as 400, headers);
}
