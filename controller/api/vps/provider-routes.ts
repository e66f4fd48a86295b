import { listOf, oneOf, record } from "../fleet/shapes.ts";
import type { VpsApi } from "./api.ts";
import { clearCache } from "./cache.ts";
import { checkProvider } from "./provider-check.ts";
import { configurationOf, type ProviderWish } from "./provider-file.ts";
import { STORED_TYPES } from "./provider-types.ts";
import { createProvider, deleteProvider, type NewProvider, updateProvider } from "./provider-writes.ts";
import { type Provider, providerById, providersOf } from "./providers.ts";
import { type Schema, type VpsRoute, vpsRoute } from "./route.ts";

const text: Schema = { type: "string" };
const flag: Schema = { type: "boolean" };
const NAME: Schema = {
  type: "string",
  minLength: 1,
  maxLength: 200,
  pattern: "^[^\\u0000-\\u001f\\u007f]*\\S[^\\u0000-\\u001f\\u007f]*$",
};
const KEY: Schema = { type: "string", minLength: 1, maxLength: 16_384, writeOnly: true };
const CONFIGURATION: Schema = {
  type: "object",
  maxProperties: 50,
  properties: { default_region: { type: "string", maxLength: 100 } },
  description:
    "`default_region` is where instances are made whose request names no region. The rest is kept, in git, and not heeded.",
};

const SHORT = record({ id: text, name: text, type: text, active: flag });
const WRITTEN = record({ success: { const: true }, provider: SHORT });
const DONE = record({ success: { const: true }, message: text });
const ROW = record({
  id: text,
  name: text,
  type: oneOf(...STORED_TYPES),
  active: flag,
  configuration: { type: "object" },
  created_at: text,
  updated_at: text,
});
const LIMIT = record({ scope: text, limit: { type: "number" }, left: { type: "number" } });

const short = ({ id, title, type, active }: Pick<Provider, "id" | "title" | "type" | "active">) => ({
  id,
  name: title,
  type,
  active,
});

/** No part of a credential is in it. */
async function row(api: VpsApi, provider: Provider): Promise<object> {
  const { desired } = await api.view();
  const times = await api.times.of(desired, desired.accountPaths.get(provider.name)!);
  return { ...short(provider), configuration: configurationOf(provider.spec), ...times };
}

const about = { tag: "providers", documented: true, admin: true } as const;

/** Providers are accounts of the fleet. Each mutation is a commit, but for keys, which are sealed beside git. */
export const providerRoutes: readonly VpsRoute[] = [
  vpsRoute({
    ...about,
    id: "providers.list",
    method: "get",
    path: "/api/admin/providers",
    summary: "List providers",
    answer: { status: 200, description: "All of them, disabled ones too.", schema: record({ providers: listOf(ROW) }) },
    run: async (api) => {
      const providers = providersOf(await api.view());
      return { body: { providers: await Promise.all(providers.map((one) => row(api, one))) } };
    },
  }),
  vpsRoute<NewProvider>({
    ...about,
    id: "providers.create",
    method: "post",
    path: "/api/admin/providers",
    summary: "Add a provider",
    description: "The key is tried at the provider, then sealed. `api_key` of aws is `ID:SECRET`.",
    body: {
      type: "object",
      required: ["name", "type", "api_key"],
      properties: { name: NAME, type: oneOf(...STORED_TYPES), api_key: KEY, configuration: CONFIGURATION },
    },
    answer: { status: 201, description: "The provider.", schema: WRITTEN },
    run: async (api, { principal: by, body, signal }) => {
      const { provider, change } = await createProvider(api, body, { by, signal });
      return { body: { success: true, provider: short(provider) }, ...(change && { change }) };
    },
  }),
  vpsRoute<ProviderWish>({
    ...about,
    id: "providers.update",
    method: "put",
    path: "/api/admin/providers/{id}",
    summary: "Change a provider",
    description: "What is left out stays. A new key alone is no commit.",
    body: {
      type: "object",
      properties: { name: NAME, api_key: KEY, active: flag, configuration: CONFIGURATION },
    },
    answer: { status: 200, description: "The provider.", schema: WRITTEN },
    run: async (api, { principal: by, id, body, signal }) => {
      const { provider, change } = await updateProvider(api, id, body, { by, signal });
      return { body: { success: true, provider: short(provider) }, ...(change && { change }) };
    },
  }),
  vpsRoute({
    ...about,
    id: "providers.delete",
    method: "delete",
    path: "/api/admin/providers/{id}",
    summary: "Retire a provider",
    description: "Its key is gone. Instances on it stay as they are, and nothing can be done to them any more.",
    answer: { status: 200, description: "It is gone.", schema: DONE },
    run: async (api, { principal: by, id, signal }) => {
      const { change } = await deleteProvider(api, id, { by, signal });
      return { body: { success: true, message: "Provider deleted successfully" }, ...(change && { change }) };
    },
  }),
  vpsRoute({
    ...about,
    documented: false,
    id: "providers.clearCache",
    method: "post",
    path: "/api/admin/providers/{id}/cache/clear",
    summary: "Have what a provider sells read anew",
    answer: { status: 200, description: "It is forgotten.", schema: DONE },
    run: async (api, { id }) => {
      await clearCache(api.controller, providerById(await api.view(), id));
      return { body: { success: true, message: "Provider cache cleared successfully" } };
    },
  }),
  vpsRoute({
    ...about,
    documented: false,
    id: "providers.validate",
    method: "post",
    path: "/api/admin/providers/{id}/validate",
    summary: "Ask the provider what its key may do",
    answer: {
      status: 200,
      description:
        "It takes the key. `limits`: requests that may still be sent now, as far as this process has sent some.",
      schema: record({
        success: { const: true },
        message: text,
        identity: text,
        may: listOf(text),
        lacks: listOf(text),
        limits: listOf(LIMIT),
      }),
    },
    run: async (api, { id, signal }) => {
      const checked = await checkProvider(api, providerById(await api.view(), id), signal);
      return { body: { success: true, message: "Credentials are valid", ...checked } };
    },
  }),
];
