import { type Context, Hono } from "hono";
import { ApiError, neutronError } from "./errors.ts";
import type { Identity, Token } from "./identity.ts";
import { groupRoutes } from "./neutron-groups.ts";
import { networkRoutes } from "./neutron-networks.ts";
import { portRoutes } from "./neutron-ports.ts";
import { answerError, nextHref, originOf, pageOf } from "./wire.ts";
import type { World } from "./world.ts";

export type NeutronApp = Hono<{ Variables: { token: Token } }>;
export type NeutronContext = Context<{ Variables: { token: Token } }>;

const EXTENSIONS = [
  "security-group",
  "router",
  "external-net",
  "standard-attr-description",
  "pagination",
  "sorting",
  "port-security",
];

/** Neutron, at `/network`. */
export function neutron(world: World, identity: Identity): Hono {
  const app: NeutronApp = new Hono();
  app.onError((error, c) =>
    answerError(c, error instanceof ApiError ? error : neutronError(500, "HTTPInternalServerError", String(error))),
  );
  app.notFound((c) => answerError(c, neutronError(404, "HTTPNotFound", "The resource could not be found.")));

  app.get("/", (c) => {
    const links = [{ rel: "self", href: `${originOf(c.req.raw)}/network/v2.0/` }];
    return c.json({ versions: [{ id: "v2.0", status: "CURRENT", links }] });
  });
  for (const path of ["/v2.0", "/v2.0/"]) {
    app.get(path, (c) => {
      const names = ["networks", "subnets", "ports", "security-groups", "security-group-rules", "floatingips"];
      const href = (name: string) => `${originOf(c.req.raw)}/network/v2.0/${name}`;
      const resources = names.map((name) => ({ name, collection: name, links: [{ rel: "self", href: href(name) }] }));
      return c.json({ resources });
    });
  }
  app.use("/v2.0/*", async (c, next) => {
    c.set("token", identity.check(c.req.header("x-auth-token")));
    await next();
  });

  const extension = (alias: string) => ({
    alias,
    name: alias,
    description: alias,
    updated: "2015-01-01T10:00:00-00:00",
    links: [],
  });
  app.get("/v2.0/extensions", (c) => c.json({ extensions: EXTENSIONS.map(extension) }));
  app.get("/v2.0/extensions/:alias", (c) => {
    const alias = c.req.param("alias");
    if (EXTENSIONS.includes(alias)) return c.json({ extension: extension(alias) });
    throw neutronError(404, "ExtensionsNotFound", `Extensions not found: ['${alias}'].`);
  });
  networkRoutes(app, world);
  portRoutes(app, world);
  groupRoutes(app, world);
  return app as unknown as Hono;
}

export const isAdmin = (c: NeutronContext): boolean => c.get("token").roles.includes("admin");
export const projectOf = (c: NeutronContext): string => c.get("token").project?.id ?? "";

/** @throws {ApiError} 400 */
export async function bodyOf(c: NeutronContext, name: string): Promise<Record<string, unknown>> {
  const body = (await c.req.json().catch(() => undefined)) as Record<string, unknown> | undefined;
  const value = body?.[name];
  if (typeof value === "object" && value !== null) return value as Record<string, unknown>;
  throw neutronError(400, "HTTPBadRequest", `Unable to find '${name}' in request body`);
}

/** A list as Neutron gives it: every query parameter that is a field filters by that field, `fields` narrows the items. */
export function list<T extends object>(c: NeutronContext, key: string, views: readonly T[]): Response {
  const { limit, marker, fields: _, sort_key: __, sort_dir: ___, page_reverse: ____, ...filters } = c.req.query();
  const queries = c.req.queries();
  const matching = views.filter((view) =>
    Object.keys(filters).every((name) => {
      const value = (view as Record<string, unknown>)[name];
      if (value === undefined) return true;
      const wanted = queries[name] ?? [];
      return Array.isArray(value)
        ? wanted.some((one) => value.includes(one))
        : wanted.some((one) => sameText(one, value));
    }),
  );
  const found = pageOf(
    matching,
    { limit, marker },
    {
      maxLimit: 1000,
      defaultLimit: Number.MAX_SAFE_INTEGER,
      idOf: (view) => (view as { id?: string }).id ?? "",
      missing: (id) => neutronError(400, "BadRequest", `Bad ${key} request: marker ${id} not found.`),
      invalid: (value) => neutronError(400, "HTTPBadRequest", `'limit' must be an integer: ${value}`),
    },
  );
  const wanted = queries.fields;
  const page = wanted
    ? found.page.map((view) => Object.fromEntries(Object.entries(view).filter(([name]) => wanted.includes(name))))
    : found.page;
  const links =
    limit !== undefined && found.nextMarker
      ? { [`${key}_links`]: [{ rel: "next", href: nextHref(c.req.raw, found.limit, found.nextMarker) }] }
      : {};
  return c.json({ [key]: page, ...links });
}

/** Texts for true and false come in several spellings. */
function sameText(wanted: string, value: unknown): boolean {
  if (typeof value === "boolean") return /^(true|1)$/i.test(wanted) === value;
  return String(value) === wanted;
}
