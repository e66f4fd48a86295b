import type { CatalogSize } from "../../../../resources/catalog.ts";
import type { ServerSpec } from "../../../../resources/spec.ts";
import type { Change } from "../../../changes/types.ts";
import { costOf, priceOf } from "../../../reconcile/cost.ts";
import { listOf, record, text, whole } from "../../fleet/shapes.ts";
import type { FleetView } from "../../fleet/view.ts";
import type { VpsApi } from "../api.ts";
import { providerId } from "../providers.ts";
import { instantOf } from "../times.ts";
import type { Found } from "./find.ts";
import type { Seen } from "./observe.ts";
import { type Phase, phaseOf, STATUS_WORDS } from "./statuses.ts";

const orNull = { type: ["string", "null"] };
const amount = { type: "number" };

export const INSTANCE = record({
  id: { type: "string", format: "uuid" },
  provider_id: { ...orNull, description: "Null where the provider was deleted." },
  provider_type: text,
  provider_instance_id: { ...text, description: "Empty until the provider has told it." },
  label: text,
  status: { enum: [...new Set(Object.values(STATUS_WORDS))] },
  ip_address: orNull,
  ipv6_address: orNull,
  region: text,
  plan_specs: record({
    vcpus: whole,
    memory: { ...whole, description: "MB." },
    disk: { ...whole, description: "GB." },
    transfer: { ...whole, description: "GB a month." },
  }),
  hourly_rate: { ...amount, description: "The plan's price with its markup, or the list's." },
  monthly_rate: amount,
  created_at: text,
  updated_at: text,
});

export const NEW_INSTANCE = record({
  id: { type: "string", format: "uuid" },
  provider_id: text,
  provider_type: text,
  provider_instance_id: { ...text, description: "Empty where the provider has not answered within 20 s." },
  label: text,
  status: { const: STATUS_WORDS.creating },
  ip_address: orNull,
  region: text,
  created_at: text,
});

export const INSTANCES = listOf(INSTANCE);

/** An instance in the document's words, with its price and what it has. */
export async function presented(api: VpsApi, found: Found, seen: Seen | undefined): Promise<object> {
  const view = await api.view();
  const { id, spec, record, object } = found;
  const changes = await api.service.changes.list({ object: `Server//${spec.name}` }, 50);
  const isNew = changes.some(({ call, state }) => call?.op === "create" && state !== "converged" && state !== "closed");
  const known = seen?.power === undefined || seen.gone ? undefined : { ...seen, power: seen.power };
  const states = { isNew, isGone: seen?.gone === true, isLeaving: object === undefined };
  return {
    ...base(view, id, spec),
    provider_instance_id: record?.cloudId ?? "",
    status: STATUS_WORDS[phaseOf(spec, known, states)],
    ip_address: seen?.ipv4[0] ?? null,
    ipv6_address: seen?.ipv6[0] ?? null,
    region: spec.region,
    ...offer(view, spec),
    ...(await timesOf(api, view, found, changes)),
  };
}

/** One that has come to nothing: the file that it was to have says what it was to be. */
export async function presentedFailed(
  api: VpsApi,
  id: string,
  { change, fields }: { change: Change; fields: Readonly<Record<string, unknown>> },
): Promise<object> {
  const view = await api.view();
  const { account, region, size, plan, name, title } = fields as Record<string, string>;
  const provider = view.desired.accounts.get(account!)?.spec.provider ?? "";
  const bought = size ?? view.desired.plans.find((one) => one.name === plan)?.sizes[provider] ?? "";
  const spec = { kind: "Server", name, title, account, provider, region, size: bought, ...(plan && { plan }) };
  const failed: Phase = "failed";
  return {
    ...base(view, id, spec as unknown as ServerSpec),
    provider_instance_id: "",
    status: STATUS_WORDS[failed],
    ip_address: null,
    ipv6_address: null,
    region,
    ...offer(view, spec as unknown as ServerSpec),
    created_at: instantOf(change.createdAt),
    updated_at: instantOf(change.updatedAt),
  };
}

function base({ desired }: FleetView, id: string, { account, provider, name, title }: ServerSpec) {
  const matched = desired.accounts.get(account);
  return {
    id,
    provider_id: matched === undefined || matched.spec.retired ? null : providerId(desired.fleet.id, matched),
    provider_type: provider,
    provider_instance_id: "",
    label: title ?? name,
  };
}

function offer({ desired }: FleetView, spec: ServerSpec) {
  const { catalogs, plans } = desired;
  const size: CatalogSize | undefined = catalogs[spec.account]?.sizes.find(({ name }) => name === spec.size);
  const plan = plans.find(({ name }) => name === spec.plan);
  const price = priceOf(spec, { catalogs, plans }) ?? costOf(spec, { catalogs });
  return {
    plan_specs: {
      vcpus: size?.vcpus ?? plan?.vcpus ?? 0,
      memory: size?.memoryMiB ?? plan?.memoryMiB ?? 0,
      disk: size?.diskGiB ?? plan?.diskGiB ?? 0,
      transfer: size?.transferGiB ?? plan?.transferGiB ?? 0,
    },
    hourly_rate: (price?.hourlyMicro ?? 0) / 1e6,
    monthly_rate: (price?.monthlyMicro ?? 0) / 1e6,
  };
}

/** Since the change that asked for it; of one that was there before any, since its file is. */
async function timesOf({ times }: VpsApi, { desired }: FleetView, { object }: Found, changes: readonly Change[]) {
  const created = changes.findLast(({ preview }) => preview?.effects.some(({ op }) => op === "create"));
  const last = changes.find(({ state }) => state !== "closed");
  if (created !== undefined && last !== undefined)
    return { created_at: instantOf(created.createdAt), updated_at: instantOf(last.updatedAt) };
  const file = object === undefined ? undefined : await times.of(desired, object.file.path);
  const changed = last === undefined ? file?.updated_at : instantOf(last.updatedAt);
  return { created_at: file?.created_at ?? "", updated_at: changed ?? "" };
}
