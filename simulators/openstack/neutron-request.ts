import type { Context, Hono } from "hono";
import { neutronError } from "./errors.ts";
import type { Token } from "./identity.ts";
import { nextHref, pageOf } from "./wire.ts";

/** What routes of Neutron have in common: who asks, with what, and how lists are given. */
export type NeutronApp = Hono<{ Variables: { token: Token } }>;
export type NeutronContext = Context<{ Variables: { token: Token } }>;

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
