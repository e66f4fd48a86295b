import type { Principal, Role } from "../../../people/principal.ts";
import { mayAs, ROLES } from "../../../people/principal.ts";
import { isWithin } from "../../../people/standing.ts";
import type { ApiKey } from "../../../people/types.ts";
import type { FleetApi } from "../api.ts";
import { PAGE_PARAMETERS, type PageQuery, pageFrom, pageOf } from "../page.ts";
import { ApiError, missing } from "../problems.ts";
import { type Route, route } from "../route.ts";
import { filter, instant, listOf, NAME, nameIn, oneOf, record, text } from "../shapes.ts";
import { compareKeys } from "../view.ts";
import { userFor } from "./users.ts";

const names = { ...listOf(NAME), maxItems: 1000 };

const KEY_MEMBERS = {
  id: text,
  user: { ...text, description: "Id of the user it acts for." },
  name: text,
  role: oneOf(...ROLES),
  "accounts?": listOf(text),
  "owners?": listOf(text),
  createdAt: instant,
  "expiresAt?": instant,
  "lastUsedAt?": instant,
  "lastUsedFrom?": text,
  "revokedAt?": instant,
};
const KEY = record(KEY_MEMBERS, "No part of the key's secret is ever told again.");

interface NewKey {
  user?: string;
  name: string;
  role?: Role;
  accounts?: string[];
  owners?: string[];
  expiresAt?: string;
}

/** What programs sign in with. People see to their own, admins to those of others who may do no more than they. */
export const apiKeyRoutes: readonly Route[] = [
  route<PageQuery & { user?: string }>({
    id: "listApiKeys",
    method: "get",
    path: "/fleet/v1/api-keys",
    tag: "api-keys",
    role: "viewer",
    summary: "List API keys",
    description: "One's own, or as an admin those of another.",
    parameters: [...PAGE_PARAMETERS, filter("user", "Of this user, for admins; default: one's own.")],
    answers: { 200: { description: "A page of keys.", schema: pageOf(KEY) } },
    run: async (api, { principal, parameters }) => {
      const user = await ownerOf(api, principal, parameters.user);
      const key = ({ createdAt, id }: ApiKey) => [createdAt, id] as const;
      const keys = (await api.people.keys.list(user)).sort((a, b) => compareKeys(key(a), key(b)));
      const page = pageFrom(keys, parameters, "api-keys", key, compareKeys);
      return { body: { ...page, items: page.items.map(shown) } };
    },
  }),
  route<unknown, NewKey>({
    id: "createApiKey",
    method: "post",
    path: "/fleet/v1/api-keys",
    tag: "api-keys",
    role: "viewer",
    once: true,
    summary: "Make an API key",
    description:
      "`secret` is in this answer and in no other, also not when the request is sent again. An API key makes no API keys.",
    body: record({
      "user?": { ...NAME, description: "Whom it acts for, for admins; default: oneself." },
      name: { ...NAME, maxLength: 100 },
      "role?": oneOf(...ROLES),
      "accounts?": names,
      "owners?": names,
      "expiresAt?": instant,
    }),
    answers: {
      200: {
        description: "With `dryRun`: whom it would be for.",
        schema: record({ user: text, name: text }),
      },
      201: { description: "The key.", schema: record({ ...KEY_MEMBERS, "secret?": text }) },
    },
    run: async (api, { principal, body, mutation, source }) => {
      if (principal.via === "api-key") throw new ApiError("FORBIDDEN", "an API key makes no API keys: sign in for it");
      const user = await ownerOf(api, principal, body.user);
      if (mutation!.dryRun) return { body: { user, name: body.name } };
      const { key, text } = await api.people.keys.create({ ...body, user }, principal, source);
      return { status: 201, body: { ...shown(key), secret: text }, kept: shown(key) };
    },
  }),
  route<{ id: string }>({
    id: "revokeApiKey",
    method: "delete",
    path: "/fleet/v1/api-keys/{id}",
    tag: "api-keys",
    role: "viewer",
    once: true,
    summary: "Revoke an API key",
    parameters: [nameIn("id", "The key's id.")],
    answers: { 200: { description: "It is worth nothing any more.", schema: record({ id: text }) } },
    run: async (api, { principal, parameters: { id }, mutation, source }) => {
      const key = (await api.people.keys.list()).find((one) => one.id === id && one.revokedAt === undefined);
      const isTheirs = key?.user === principal.id || (mayAs(principal, "admin") && key && isWithin(key, principal));
      if (!isTheirs) return missing("such API key");
      if (!mutation!.dryRun) await api.people.keys.revoke(id, principal, source);
      return { body: { id } };
    },
  }),
];

/** @throws {ApiError} FORBIDDEN, NOT_FOUND */
async function ownerOf(api: FleetApi, principal: Principal, user: string | undefined): Promise<string> {
  if (user === undefined || user === principal.id) return principal.id;
  if (!mayAs(principal, "admin")) throw new ApiError("FORBIDDEN", "the API keys of others are for admins");
  return (await userFor(api, principal, user)).id;
}

const shown = ({ id, user, name, role, accounts, owners, createdAt, ...rest }: ApiKey) => {
  const { expiresAt, lastUsedAt, lastUsedFrom, revokedAt } = rest;
  return {
    id,
    user,
    name,
    role,
    ...(accounts && { accounts }),
    ...(owners && { owners }),
    createdAt,
    ...(expiresAt !== undefined && { expiresAt }),
    ...(lastUsedAt !== undefined && { lastUsedAt }),
    ...(lastUsedFrom !== undefined && { lastUsedFrom }),
    ...(revokedAt !== undefined && { revokedAt }),
  };
};
