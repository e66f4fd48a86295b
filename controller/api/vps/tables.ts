import { referenceOf } from "../../../resources/account.ts";
import type { PlanSpec, ServerSpec } from "../../../resources/spec.ts";
import { dayOf } from "../../catalog/ended.ts";
import { sha256 } from "../../fleet/canonical.ts";
import type { Controller } from "../../reconcile/context.ts";
import type { Desired } from "../../reconcile/desired.ts";
import { readRecords } from "../../reconcile/match.ts";
import type { SealedCredential } from "../../store/types.ts";
import type { VpsRows } from "../../store/vps-tables.ts";
import { instanceId } from "./instances/ids.ts";
import { configurationOf } from "./provider-file.ts";
import { type Provider, providerId, providersOf } from "./providers.ts";
import { FileTimes, type RowTimes } from "./times.ts";
import { objectUuid } from "./uuid.ts";

/** Makes the document's tables from commits, each time the main line has another one. Nothing is read from them here. */
export class VpsTables {
  readonly #controller: Controller;
  readonly #times: FileTimes;
  #last: Promise<unknown> = Promise.resolve();
  #wanted: Desired | undefined;

  constructor(controller: Controller) {
    this.#controller = controller;
    this.#times = new FileTimes(controller.repo);
  }

  /** One after the other; where several wait, only the newest is written. Resolves once the tables have this commit or a later one. @throws {FleetError} STORE_FAILED, GIT_FAILED */
  async follow(desired: Desired): Promise<void> {
    this.#wanted = desired;
    const turn = this.#last
      .catch(() => undefined)
      .then(async () => {
        const wanted = this.#wanted;
        if (wanted === undefined) return;
        this.#wanted = undefined;
        await this.#controller.store.putVpsRows(await this.#rows(wanted));
      });
    this.#last = turn;
    await turn;
  }

  /** Resolves once nothing is being written. */
  async settled(): Promise<void> {
    await this.#last.catch(() => undefined);
  }

  async #rows(desired: Desired): Promise<VpsRows> {
    const { store, now } = this.#controller;
    const { sealed } = await store.credentials();
    const day = dayOf(now());
    const records = (await readRecords(store, desired)).filter(({ kind }) => kind === "Server");
    const ids = new Map(records.map(({ name, cloudId, identity }) => [name, { cloudId, identity }]));
    const providers: VpsRows["providers"][number][] = [];
    const plans: VpsRows["plans"][number][] = [];
    const all = providersOf({ desired });
    for (const provider of all) {
      const isOnly = all.filter(({ type }) => type === provider.type).length === 1;
      const times = await this.#times.of(desired, desired.accountPaths.get(provider.name)!);
      providers.push({ ...providerRow(provider, desired, sealed), ...times });
      for (const plan of desired.plans) plans.push(...planRows(desired, { ...provider, isOnly }, plan, day, times));
    }
    const known = new Set(providers.map(({ id }) => id));
    const instances: VpsRows["instances"][number][] = [];
    for (const { spec, path } of desired.objects) {
      if (spec.kind !== "Server") continue;
      const times = await this.#times.of(desired, path);
      instances.push({ ...instanceRow(desired, spec, known, ids.get(spec.name)), ...times });
    }
    return { providers, instances, plans };
  }
}

/** The sealed texts as they are kept; of a key that is elsewhere a word that tells it from others and leads nowhere. */
function providerRow({ id, name, type, title, active, spec }: Provider, desired: Desired, sealed: SealedCredential[]) {
  const { identity } = desired.accounts.get(name)!;
  const own = sealed.filter((one) => one.account === identity);
  const kept = own.map(({ field, key, nonce, sealed: text }) => `${field}:${key}.${nonce}.${text}`).sort();
  const references = Object.entries(spec.credentials).map(([field, ref]) => `${field} ${referenceOf(ref)}`);
  return {
    id,
    name: title,
    type,
    api_key_encrypted:
      kept.length > 0 ? kept.join(" ") : `reference:${sha256(references.sort().join("\n")).slice(0, 32)}`,
    configuration: configurationOf(spec),
    active,
  };
}

/** A plan is one row for each provider that sells it. Prices have two decimals there. @param provider `isOnly`: of its type */
function planRows(
  { fleet }: Desired,
  provider: Provider & { isOnly: boolean },
  plan: PlanSpec,
  day: string,
  times: RowTimes,
) {
  const size = plan.sizes[provider.type];
  if (size === undefined) return [];
  const isOneRow = provider.isOnly && Object.keys(plan.sizes).length === 1;
  const { vcpus, memoryMiB, diskGiB, transferGiB, basePriceMicro, markupMicro, ended } = plan;
  return [
    {
      id: (isOneRow ? plan.uuid : undefined) ?? objectUuid(fleet.id, "Plan", `${provider.id}/${plan.name}`),
      provider_id: provider.id,
      provider_plan_id: size,
      base_price: (basePriceMicro / 1e6).toFixed(2),
      markup_price: (markupMicro / 1e6).toFixed(2),
      specifications: { name: plan.name, vcpus, memory: memoryMiB, disk: diskGiB, transfer: transferGiB ?? 0 },
      active: ended === undefined || ended.on > day,
      ...times,
    },
  ];
}

function instanceRow(
  { fleet, accounts }: Desired,
  spec: ServerSpec,
  known: ReadonlySet<string>,
  record: { cloudId?: string | undefined; identity: string } | undefined,
) {
  const provider = providerId(fleet.id, accounts.get(spec.account)!);
  return {
    id: instanceId(fleet.id, spec, record?.identity),
    provider_instance_id: record?.cloudId ?? null,
    label: spec.title ?? spec.name,
    region: spec.region,
    type: spec.size ?? "",
    owner: spec.owner ?? null,
    provider_type: spec.provider,
    provider_id: known.has(provider) ? provider : null,
  };
}
