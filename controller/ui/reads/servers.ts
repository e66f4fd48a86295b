import type { ServerSpec } from "../../../resources/spec.ts";
import { syncOf } from "../../api/fleet/reads/state.ts";
import type { FleetView } from "../../api/fleet/view.ts";
import type { Controller } from "../../reconcile/context.ts";
import type { Cost, SeenServer } from "../../store/types.ts";
import type { Visit } from "../visit.ts";

/** How a server stands to its file. */
export type Sync =
  | "in sync"
  | "drifted"
  | "to be checked"
  | "being made"
  | "to be made"
  | "to be changed"
  | "suspended";

export interface ServerRow {
  name: string;
  account: string;
  provider: string;
  region: string;
  size: string;
  owner?: string;
  /** As the file says. */
  power: string;
  labels: string;
  sync: Sync;
  /** Fields that differ at the cloud. */
  drift: number;
  /** Once there is one. */
  cloudId?: string;
  cost?: Cost;
}

export interface ServerFilter {
  text?: string;
  account?: string;
  region?: string;
  owner?: string;
  sync?: string;
  /** `account`, `cost`; else by name. */
  sort?: string;
}

/** Every server that somebody may see, in the order of their names: from files, records and open drift, without a look at a cloud. */
export async function serverRows(visit: Visit): Promise<ServerRow[]> {
  const { store } = visit.parts.controller;
  const view = await visit.view();
  const [records, making, drift] = await Promise.all([
    visit.parts.memory.hashes(),
    store.objects({ kind: "Server", provisioning: true }),
    openDrift(visit.parts.controller, view),
  ]);
  const beingMade = new Set(making.map(({ account, identity }) => `${account} ${identity}`));
  const rows: ServerRow[] = [];
  for (const object of view.sorted("Server", "name", ({ name }) => name)) {
    const { spec, cost } = object;
    if (spec === undefined || !view.isWithin(visit.who, object)) continue;
    const account = view.desired.accounts.get(spec.account)?.identity ?? spec.account;
    const found = [spec.name, ...spec.formerly].find((name) => records.has(`Server/${account}/${name}`));
    const hashes = found === undefined ? undefined : records.get(`Server/${account}/${found}`)!;
    const record = hashes && { ...hashes, account, name: found! };
    const differing = record === undefined ? 0 : (drift.get(`${account} ${record.identity}`) ?? 0);
    const isMaking = record !== undefined && beingMade.has(`${account} ${record.identity}`);
    const state = syncOf(view, object, record, differing > 0);
    rows.push({
      name: spec.name,
      account: spec.account,
      provider: spec.provider,
      region: spec.region,
      size: sizeOf(spec),
      ...(spec.owner !== undefined && { owner: spec.owner }),
      power: spec.power,
      labels: Object.entries(spec.labels).flat().filter(Boolean).join(" "),
      sync: syncWord(state, { isMade: record !== undefined, isMaking, isSuspended: spec.suspend !== undefined }),
      drift: differing,
      ...(record?.cloudId !== undefined && { cloudId: record.cloudId }),
      ...(cost && { cost }),
    });
  }
  return rows;
}

/** Pure. */
export function syncWord(
  state: ReturnType<typeof syncOf>,
  { isMade, isMaking, isSuspended }: { isMade: boolean; isMaking: boolean; isSuspended: boolean },
): Sync {
  if (isSuspended && state !== "synced") return "suspended";
  if (isMaking) return "being made";
  if (state === "pending") return isMade ? "to be changed" : "to be made";
  return ({ synced: "in sync", drifted: "drifted", unchecked: "to be checked" } as const)[state];
}

/** How many fields of each server differ, by account and identity. */
async function openDrift({ store }: Controller, { desired }: FleetView): Promise<Map<string, number>> {
  const counts = new Map<string, number>();
  await Promise.all(
    [...desired.accounts.values()].map(async ({ identity: account }) => {
      for (const { kind, identity } of await store.drift(account, "open"))
        if (kind === "Server") counts.set(`${account} ${identity}`, (counts.get(`${account} ${identity}`) ?? 0) + 1);
    }),
  );
  return counts;
}

/** Pure. */
export function filtered(
  rows: readonly ServerRow[],
  { text = "", account, region, owner, sync, sort }: ServerFilter,
): ServerRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = rows.filter(
    (row) =>
      (!account || row.account === account) &&
      (!region || row.region === region) &&
      (!owner || row.owner === owner) &&
      (!sync || row.sync === sync) &&
      words.every((word) => searched(row).includes(word)),
  );
  if (sort === "cost") return found.sort((a, b) => (b.cost?.monthlyMicro ?? 0) - (a.cost?.monthlyMicro ?? 0));
  if (sort === "account") return found.sort((a, b) => (a.account < b.account ? -1 : a.account > b.account ? 1 : 0));
  return found;
}

const searched = ({ name, account, provider, region, size, owner = "", labels }: ServerRow): string =>
  `${name} ${account} ${provider} ${region} ${size} ${owner} ${labels}`.toLowerCase();

/** What the last passes have seen of these, by account and the cloud's id. */
export async function seenOf(
  visit: Visit,
  rows: readonly Pick<ServerRow, "account" | "cloudId">[],
): Promise<Map<string, SeenServer>> {
  const { desired } = await visit.view();
  const seen = new Map<string, SeenServer>();
  await Promise.all(
    [...Map.groupBy(rows, ({ account }) => account)].map(async ([account, own]) => {
      const identity = desired.accounts.get(account)?.identity ?? account;
      const ids = own.flatMap(({ cloudId }) => cloudId ?? []);
      if (ids.length === 0) return;
      const { servers } = await visit.parts.controller.store.inventory(identity, ids);
      for (const server of servers) seen.set(`${account} ${server.id}`, server);
    }),
  );
  return seen;
}

export const sizeOf = ({
  size,
  resources: { vcpus, memoryMiB, diskGiB },
}: Pick<ServerSpec, "size" | "resources">): string =>
  size ||
  [vcpus && `${vcpus} vCPU`, memoryMiB && `${memoryMiB} MiB`, diskGiB && `${diskGiB} GiB`].filter(Boolean).join(", ");
