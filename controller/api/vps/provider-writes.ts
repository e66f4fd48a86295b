import { createHmac } from "node:crypto";
import { FleetError } from "../../../resources/errors.ts";
import { told } from "../../changes/changes.ts";
import { identityOf } from "../../credentials/safe.ts";
import { canonicalJson } from "../../fleet/canonical.ts";
import { readKey, stateKeyFile } from "../../keys.ts";
import type { Principal } from "../../people/principal.ts";
import { type Act, type Acted, act, type Composed } from "../dialect/act.ts";
import { Refusal } from "../dialect/refusal.ts";
import type { VpsApi } from "./api.ts";
import { clearCache } from "./cache.ts";
import { VpsRefusal } from "./envelope.ts";
import { candidate, editsFor, nameOf, newFields, type ProviderWish } from "./provider-file.ts";
import { PROVIDER_TYPES, providerEndpoint } from "./provider-types.ts";
import { type Provider, providerById, providerId, providersOf } from "./providers.ts";

export interface NewProvider extends ProviderWish {
  name: string;
  type: string;
  api_key: string;
}

interface Asking {
  by: Principal;
  signal: AbortSignal;
}

interface Written {
  provider: Pick<Provider, "id" | "title" | "type" | "active">;
  /** Id of the change, where there is something in git. */
  change?: string;
}

/** As long as an answer may wait for its commit. */
const WAIT_MS = 20_000;

/**
 * A provider with its key: tried at its cloud, sealed, then committed by reference.
 * @throws {Refusal} invalid for the type or a field; credentials (400) when the cloud does not take the key
 */
export async function createProvider(api: VpsApi, wish: NewProvider, { by, signal }: Asking): Promise<Written> {
  const { controller, service } = api;
  const { credentials, environment } = controller;
  const type = PROVIDER_TYPES[wish.type];
  if (type === undefined)
    throw new Refusal(
      "invalid",
      `there are no providers of ${wish.type} here: ${Object.keys(PROVIDER_TYPES).join(", ")}`,
      {
        field: "type",
      },
    );
  const values = type.credentialsOf(wish.api_key);
  const trusted = providerEndpoint(wish.type, environment);
  const fields = newFields(wish.type, wish, values, trusted);
  const view = await api.view();
  await probe(api, { spec: candidate("provider", fields), values, trusted, signal });

  let name = "";
  let isNew = false;
  const compose = async (seed: string): Promise<Composed> => {
    const earlier = await service.changes.opened({ by, key: seed });
    const named = earlier?.call?.objects[0]?.name;
    name = named ?? nameOf(wish.name, (one) => view.desired.accounts.has(one), seed.slice(0, 6));
    isNew = named === undefined;
    if (isNew) await credentials.keep({ spec: candidate(name, fields), values, trusted, by: told(by) });
    return {
      title: `Add the provider ${wish.name}`,
      objects: [{ kind: "Account", name }],
      wishes: [{ kind: "Account", name, create: fields }],
    };
  };
  try {
    const { change } = await commit(api, { asked: ["providers.create", wish], by, compose }, signal);
    const found = providersOf(await api.view()).find((one) => one.name === name);
    const provider = found ?? {
      id: providerId(view.desired.fleet.id, {
        spec: candidate(name, fields),
        identity: identityOf(candidate(name, fields), await controller.store.accounts()),
      }),
      title: wish.name,
      type: wish.type,
      active: true,
    };
    return { provider, ...(change && { change }) };
  } catch (error) {
    if (isNew && error instanceof Refusal) await forget(api, name, by);
    throw error;
  }
}

/** @throws {Refusal} not-found; credentials (400) when the cloud does not take the new key, and then nothing is changed */
export async function updateProvider(
  api: VpsApi,
  id: string,
  wish: ProviderWish,
  { by, signal }: Asking,
): Promise<Written> {
  const { credentials, environment } = api.controller;
  const provider = providerById(await api.view(), id);
  const { name, spec, type } = provider;
  const values = wish.api_key === undefined ? undefined : PROVIDER_TYPES[type]!.credentialsOf(wish.api_key);
  const edits = editsFor(provider, wish, values);
  const sealed = { ...spec, credentials: { ...spec.credentials, ...sealedLike(values) } };
  const trusted = providerEndpoint(type, environment);
  if (values !== undefined) await probe(api, { spec: sealed, values, trusted, signal });
  const seal = async () => values && (await credentials.keep({ spec: sealed, values, trusted, by: told(by) }));
  // A reference that is new must lead somewhere before it is committed; a key that is there stays until the rest has passed.
  const isNew = values !== undefined && !Object.keys(values).every((field) => spec.credentials[field]?.sealed);
  if (isNew) await seal();
  const compose = (): Composed => ({
    title: `Change the provider ${wish.name ?? provider.title}`,
    objects: [{ kind: "Account", name }],
    edits,
  });
  const { change } =
    edits.length === 0 ? {} : await commit(api, { asked: ["providers.update", id, wish], by, compose }, signal);
  if (!isNew) await seal();
  await clearCache(api.controller, provider);
  const now = providersOf(await api.view()).find((one) => one.name === name) ?? provider;
  return { provider: now, ...(change && { change }) };
}

/** Its row and its key go; its file stays, retired, while servers name it or something of it is on record. @throws {Refusal} not-found */
export async function deleteProvider(api: VpsApi, id: string, { by, signal }: Asking): Promise<{ change?: string }> {
  const { store } = api.controller;
  const { desired } = await api.view();
  const provider = providerById(await api.view(), id);
  const { name, title } = provider;
  const { identity } = desired.accounts.get(name)!;
  const isUsed = desired.objects.some(({ spec }) => spec.account === name);
  const isHeld = isUsed || (await store.objects({ account: identity })).length > 0;
  const compose = (): Composed => ({
    title: `${isHeld ? "Retire" : "Remove"} the provider ${title}`,
    objects: [{ kind: "Account", name }],
    wishes: [isHeld ? { kind: "Account", name, patch: { retired: true } } : { kind: "Account", name, delete: true }],
  });
  const { change } = await commit(api, { asked: ["providers.delete", id], by, compose }, signal);
  await forget(api, name, by);
  await clearCache(api.controller, provider);
  return change === undefined ? {} : { change };
}

const sealedLike = (values: Readonly<Record<string, string>> = {}) =>
  Object.fromEntries(Object.keys(values).map((field) => [field, { sealed: true as const }]));

/** @throws {VpsRefusal} credentials with 400: a 401 would tell the caller to sign in anew */
async function probe(api: VpsApi, request: Parameters<VpsApi["controller"]["credentials"]["probe"]>[0]): Promise<void> {
  try {
    await api.controller.credentials.probe(request);
  } catch (error) {
    if (!(error instanceof FleetError)) throw error;
    if (error.code === "USAGE") throw new Refusal("invalid", `api_key: ${error.message}`, { field: "api_key" });
    if (error.code !== "CLOUD_AUTH") throw error;
    const message = "the provider does not take this api_key";
    throw new VpsRefusal("credentials", message, { status: 400, field: "api_key", cause: error });
  }
}

/** Commits, and comes back once the service serves it. A key is in no digest of what was asked as it is. @throws {Refusal} */
async function commit(
  api: VpsApi,
  { asked, by, compose }: Pick<Act, "by" | "compose"> & { asked: readonly unknown[] },
  signal: AbortSignal,
): Promise<{ change?: string }> {
  const { dataDir, environment } = api.controller;
  const secret = await readKey(await stateKeyFile(dataDir, environment));
  const fingerprint = createHmac("sha256", secret).update(canonicalJson(asked)).digest("hex");
  const call = { dialect: "vps", op: "account", by, compose, until: "done", waitMs: WAIT_MS } as const;
  const acted: Acted = await act(api, { ...call, asked: [asked[0], fingerprint] }, signal);
  await api.service.look();
  await acted.answered();
  return acted.change === undefined ? {} : { change: acted.change.id };
}

/** What is sealed for an account is gone, where there was something. */
async function forget({ controller }: VpsApi, account: string, by: Principal): Promise<void> {
  try {
    await controller.credentials.remove({ account, by: told(by) });
  } catch (error) {
    if (!(error instanceof FleetError) || error.code !== "NOT_FOUND") throw error;
  }
}
