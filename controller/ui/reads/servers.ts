import type { ServerSpec } from "../../../resources/spec.ts";
import { syncOf } from "../../api/fleet/reads/state.ts";
import type { Records } from "../../api/fleet/records.ts";
import type { FleetObject, FleetView } from "../../api/fleet/view.ts";
import { isAboutAll } from "../../people/principal.ts";
import type { Cost, Sighting } from "../../store/types.ts";
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
  sync: Sync;
  /** Fields that differ at the cloud. */
  drift: number;
  cost?: Cost;
  /** As the last pass has seen it, once there is one. */
  seen?: Sighting;
  /** What it is found by, in small letters. */
  text: string;
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

/** All servers of one commit beside one reading of the records, whoever may see them. */
interface Lines {
  records: Records;
  orders: ReadonlyMap<string, Order>;
}

/** Both in the same order. */
interface Order {
  objects: readonly FleetObject[];
  rows: readonly ServerRow[];
}

/** Made once for all who ask until a commit or a record is another; who may see what of it is asked each time. */
const made = new WeakMap<FleetView, Lines>();

/** Every server that somebody may see, by name, `account` or `cost`: from files, records and open drift, without a look at a cloud. */
export async function serverRows(visit: Visit, sort = "name"): Promise<readonly ServerRow[]> {
  const [view, records] = [await visit.view(), await visit.parts.memory.records()];
  const known = made.get(view);
  const all = known?.records === records ? known : linesOf(view, records);
  made.set(view, all);
  const { objects, rows } = all.orders.get(sort) ?? all.orders.get("name")!;
  // The same rows for all of them: what is counted of these is counted once.
  if (isAboutAll(visit.who)) return rows;
  return rows.filter((_, index) => view.isWithin(visit.who, objects[index]!));
}

function linesOf(view: FleetView, records: Records): Lines {
  const lines = view
    .sorted("Server", "name", ({ name }) => name)
    .flatMap((object) => {
      const { spec, cost } = object;
      if (spec === undefined) return [];
      const account = view.desired.accounts.get(spec.account)?.identity ?? spec.account;
      const found = [spec.name, ...spec.formerly].find((name) => records.server(account, name) !== undefined);
      const record = found === undefined ? undefined : records.server(account, found);
      const seen = record && records.seen(record);
      const drift = record === undefined ? 0 : records.drift(record).length;
      const state = syncOf(view, object, record, drift > 0);
      const isMaking = record?.provisioningSince !== undefined;
      const { name, provider, region, owner, power, labels } = spec;
      const size = sizeOf(spec);
      const words = [name, spec.account, provider, region, size, owner, ...Object.entries(labels).flat()];
      const row: ServerRow = {
        name,
        account: spec.account,
        provider,
        region,
        size,
        ...(owner !== undefined && { owner }),
        power,
        sync: syncWord(state, { isMade: record !== undefined, isMaking, isSuspended: spec.suspend !== undefined }),
        drift,
        ...(cost && { cost }),
        ...(seen && { seen }),
        text: words.filter(Boolean).join(" ").toLowerCase(),
      };
      return [{ object, row }];
    });
  const order = (compare?: Compare): Order => {
    const ordered = compare === undefined ? lines : lines.toSorted(({ row: a }, { row: b }) => compare(a, b));
    return { objects: ordered.map(({ object }) => object), rows: ordered.map(({ row }) => row) };
  };
  return { records, orders: new Map(ORDERS.map(([name, compare]) => [name, order(compare)])) };
}

type Compare = (a: ServerRow, b: ServerRow) => number;

/** Equal ones stay in the order of their names. */
const ORDERS: readonly [name: string, compare?: Compare][] = [
  ["name"],
  ["account", (a, b) => (a.account < b.account ? -1 : a.account > b.account ? 1 : 0)],
  ["cost", (a, b) => (b.cost?.monthlyMicro ?? 0) - (a.cost?.monthlyMicro ?? 0)],
];

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

/** Pure. */
export function filtered(
  rows: readonly ServerRow[],
  { text = "", account, region, owner, sync }: ServerFilter,
): readonly ServerRow[] {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const isAll = words.length === 0 && !account && !region && !owner && !sync;
  if (isAll) return rows;
  return rows.filter(
    (row) =>
      (!account || row.account === account) &&
      (!region || row.region === region) &&
      (!owner || row.owner === owner) &&
      (!sync || row.sync === sync) &&
      words.every((word) => row.text.includes(word)),
  );
}

export const sizeOf = ({
  size,
  resources: { vcpus, memoryMiB, diskGiB },
}: Pick<ServerSpec, "size" | "resources">): string =>
  size ||
  [vcpus && `${vcpus} vCPU`, memoryMiB && `${memoryMiB} MiB`, diskGiB && `${diskGiB} GiB`].filter(Boolean).join(", ");
