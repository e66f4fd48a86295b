import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { whoOf } from "../../people/audit.ts";
import { whileMounted } from "../dialect/mounted.ts";
import { Refusal } from "../dialect/refusal.ts";
import { noRoute } from "../no-route.ts";
import { honoPath, parseBody, secure } from "../requests.ts";
import { sourceOf } from "../source.ts";
import { successOf, toldOf } from "./answers.ts";
import { SpotApi, type SpotParts, spotPolicyOf } from "./api.ts";
import { type SpotCheck, spotChecks } from "./check.ts";
import { callerOf } from "./gate.ts";
import { describeSpot, SPOT_DESCRIPTION } from "./openapi.ts";
import type { SpotRoute } from "./route.ts";
import { SPOT_ROUTES } from "./routes.ts";

const MOST_BODY_BYTES = 64 * 1024;
/** A move waits two minutes for its end. */
const DEADLINE_MS = 180_000;

/** The documented spot manager: everything below `/api` that its document names, while the fleet has a policy for it. */
export function spotApp(parts: SpotParts, api: SpotApi = new SpotApi(parts)): Hono {
  const app = new Hono();
  const checkOf = spotChecks();

  app.use(async (c, next) => {
    await next();
    secure(c.res);
  });
  app.use(whileMounted("spot", parts.service));
  const tooLarge = () => {
    throw new Refusal("malformed", `the body has more than ${MOST_BODY_BYTES / 1024} KiB`);
  };
  const description = describeSpot(SPOT_ROUTES);
  app.get(SPOT_DESCRIPTION, (c) => c.json(description));
  for (const one of SPOT_ROUTES) {
    const check = checkOf(one);
    const limit = bodyLimit({ maxSize: MOST_BODY_BYTES, onError: tooLarge });
    app.on(one.method.toUpperCase(), honoPath(one.path), limit, (c) => answer(parts, api, one, check, c));
  }
  app.notFound(noRoute);
  app.onError((error, c) => {
    const { status, body } = toldOf(error);
    if (status >= 500)
      parts.logger.error({ path: c.req.path, error: error.stack ?? error.message }, "the spot manager has failed");
    return c.json(body, status as 400);
  });
  return app;
}

/** Its paths, as the router of the whole product takes them. */
export const SPOT_PATHS: readonly string[] = [
  SPOT_DESCRIPTION,
  ...new Set(SPOT_ROUTES.map(({ path }) => honoPath(path))),
];

async function answer(
  { authenticate, people, service, stopping }: SpotParts,
  api: SpotApi,
  route: SpotRoute,
  check: SpotCheck,
  c: Context,
): Promise<Response> {
  const by = await callerOf(c, spotPolicyOf(service.desired)?.gate, authenticate);
  const query = Object.fromEntries(
    (route.parameters ?? []).filter((one) => one.in === "query").map(({ name }) => [name, c.req.query(name)]),
  );
  const parameters = check.parameters({ ...query, ...c.req.param() });
  const body = route.method === "post" ? check.body(await readBody(c, route.body !== undefined)) : undefined;
  const ends = [c.req.raw.signal, AbortSignal.timeout(DEADLINE_MS), ...(stopping === undefined ? [] : [stopping])];
  // The schemas beside a route say that this is what it takes.
  const call = { by, parameters, body, signal: AbortSignal.any(ends) };
  const told = await route.run(api, call as never);
  if (told.change !== undefined || route.alters)
    await people.audit.audit({
      who: whoOf(by),
      action: `spot.${route.id}`,
      object: c.req.path,
      source: sourceOf(c),
      ...(told.change !== undefined && { data: { change: told.change } }),
    });
  if (told.change !== undefined) c.header("Fleetwright-Change", told.change);
  return c.json(successOf(told));
}

/** JSON, which no page can send to another site without asking first; a request without a body needs no type. @throws {Refusal} malformed */
async function readBody(c: Context, isNeeded: boolean): Promise<unknown> {
  const type = c.req.header("content-type")?.split(";")[0]?.trim().toLowerCase();
  const text = await c.req.text();
  if (type !== "application/json" && !(type === undefined && text === "" && !isNeeded))
    throw new Refusal("malformed", "content-type: application/json is wanted");
  if (!isNeeded) return undefined;
  return parseBody(text);
}
