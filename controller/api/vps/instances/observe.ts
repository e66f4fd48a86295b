import type { ActualServer } from "../../../../resources/actual.ts";
import type { AccountSpec } from "../../../../resources/spec.ts";
import { Recent } from "../../../people/recent.ts";
import { callOn, cloudOf } from "../../../reconcile/context.ts";
import type { VpsApi } from "../api.ts";
import type { Found } from "./find.ts";

/** What was seen so lately is told again without asking the cloud. */
const FRESH_MS = 5_000;

const looks = new WeakMap<VpsApi, Recent>();

/** What a cloud has told of a machine; `gone`: that it is there no more. */
export type Seen = Partial<Pick<ActualServer, "power" | "status" | "provisioning" | "leaving" | "createdAt">> &
  Pick<ActualServer, "ipv4" | "ipv6"> & { gone?: true };

/** As the cloud has it now, seen at most five seconds ago; undefined where there is none so far, and what is known last where the account is used no more. */
export async function observe(api: VpsApi, found: Found, signal: AbortSignal): Promise<Seen | undefined> {
  const { record, spec } = found;
  const account = await accountOf(api, spec.account);
  if (record?.cloudId === undefined) return undefined;
  if (account === undefined || account.retired) return await lastKnown(api, found);
  const { cloudId } = record;
  const look = async (): Promise<Seen> => {
    const cloud = cloudOf(api.controller, account.provider);
    // Whoever else asks within these seconds waits for the same look, also when the first has gone.
    const call = callOn(api.controller, account, AbortSignal.any([api.stopping, AbortSignal.timeout(20_000)]));
    return (await cloud.observe(cloudId, call)) ?? { gone: true, ipv4: [], ipv6: [] };
  };
  signal.throwIfAborted();
  return await recent(api).get(`${account.name} ${cloudId}`, look);
}

/** All machines of some accounts in one list each, by `ACCOUNT ID`: asked once for as many instances as there are. */
export async function observeAll(
  api: VpsApi,
  found: readonly Found[],
  signal: AbortSignal,
): Promise<(Seen | undefined)[]> {
  const lists = new Map<string, Promise<Map<string, ActualServer>>>();
  for (const { spec, record } of found) {
    const account = await accountOf(api, spec.account);
    if (account === undefined || account.retired || record?.cloudId === undefined || lists.has(spec.account)) continue;
    lists.set(
      spec.account,
      recent(api).get(`list ${spec.account}`, async () => await listed(api, account)),
    );
  }
  signal.throwIfAborted();
  return await Promise.all(
    found.map(async (one) => {
      const { cloudId } = one.record ?? {};
      if (cloudId === undefined) return undefined;
      const list = await lists.get(one.spec.account);
      // A list may lack what was just made: only a direct look says that something is gone.
      return list === undefined ? await lastKnown(api, one) : (list.get(cloudId) ?? (await observe(api, one, signal)));
    }),
  );
}

/** After something was asked for, what was seen before it counts no more. */
export const forgetLooks = (api: VpsApi): void => recent(api).clear();

async function listed(api: VpsApi, account: AccountSpec): Promise<Map<string, ActualServer>> {
  const call = callOn(api.controller, account, AbortSignal.any([api.stopping, AbortSignal.timeout(30_000)]));
  const all = new Map<string, ActualServer>();
  for await (const server of cloudOf(api.controller, account.provider).list(call)) all.set(server.id, server);
  return all;
}

/** As the last pass over its account has seen it. */
async function lastKnown({ memory }: VpsApi, { record }: Found): Promise<Seen | undefined> {
  const sight = record && (await memory.records()).seen(record);
  if (sight === undefined) return undefined;
  const { state: power, goneSince, actual } = sight;
  return { ...actual, power, ...(goneSince !== undefined && { gone: true }) };
}

async function accountOf(api: VpsApi, name: string): Promise<AccountSpec | undefined> {
  return (await api.view()).desired.accounts.get(name)?.spec;
}

function recent(api: VpsApi): Recent {
  let found = looks.get(api);
  if (found === undefined) {
    found = new Recent(api.controller.steady, FRESH_MS);
    looks.set(api, found);
  }
  return found;
}
