import type { passesOf } from "../../api/fleet/reads/drift.ts";
import type { driftOf, machineOf } from "../../api/fleet/reads/state.ts";
import type { Status } from "../../jobs/status.ts";
import { type DriftCause, GONE } from "../../reconcile/causes.ts";
import type { AccountDrift, ObjectDrift } from "../../reconcile/drift.ts";
import { ageDays, byName, type ListedInventory, type ListedItem } from "../../reconcile/inventory.ts";
import type { Remote } from "./client.ts";

/** As the API answers them. */
type Machine = ReturnType<typeof machineOf>;
type DriftItem = ReturnType<typeof driftOf> & Pick<ObjectDrift, "suspended">;
type Paged<Item> = { items: Item[]; next?: string };
type Compared = Awaited<ReturnType<typeof passesOf>>[number];

/** When an account was read last, an ISO instant; absent: never. */
export interface Pass {
  account: string;
  readAt?: string;
}

const MOST_ON_A_PAGE = 500;
const LOOK_SECONDS = 60;

/** Has the service look at the repository, and waits for it. */
export async function remoteLook(remote: Remote): Promise<void> {
  await remote.post("/looks", undefined, LOOK_SECONDS);
}

export async function remoteStatus(remote: Remote): Promise<Status> {
  type Page = Omit<Status, "servers"> & Paged<Status["servers"][number]>;
  const { items: servers, next: _, ...status } = await allPages<Page>(remote, "/status");
  const { commit, stacks, beingMade, ...rest } = status;
  return { commit, stacks, servers, ...(beingMade && { beingMade }), ...rest };
}

export interface RemoteDrift {
  commit: string;
  accounts: AccountDrift[];
  passes: Pass[];
}

/** Drift as the last pass over each account has found it. */
export async function remoteDrift(remote: Remote): Promise<RemoteDrift> {
  const { commit = "" } = await remote.get<{ commit?: string }>("/version");
  const found = await allPages<Paged<DriftItem> & { causes: DriftCause[]; passes: Compared[] }>(remote, "/drift");
  const orphans = await remote.list<Machine>("/inventory", { class: "orphan" }, Number.POSITIVE_INFINITY);
  const accounts = found.passes.map(({ account, readAt, ...counts }): AccountDrift => {
    const isOwn = (one: { account: string }) => one.account === account;
    return {
      account,
      ...counts,
      drifted: driftedOf(found.items.filter(isOwn)),
      awaited: [],
      orphans: orphans
        .filter(isOwn)
        .map(({ id, name, mark }) => ({ object: "Server", id, name, mark: mark! }) as const),
      causes: found.causes.filter(isOwn),
      started: [],
      ended: [],
      ...(readAt === undefined && { error: NEVER }),
    };
  });
  return { commit, accounts, passes: found.passes.map(passOf) };
}

const NEVER = "no pass has read it yet";
const passOf = ({ account, readAt }: Pass): Pass => ({ account, ...(readAt !== undefined && { readAt }) });

/** Servers before what they share, each with all of its fields. */
function driftedOf(items: readonly DriftItem[]): ObjectDrift[] {
  const groups = Map.groupBy(items, ({ kind, name }) => `${kind === "Server" ? 0 : 1} ${name}`);
  return [...groups]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([, fields]) => {
      const { kind: object, name, account, cloudId: id, suspended } = fields[0]!;
      const isGone = fields.some(({ field }) => field === GONE);
      return {
        object,
        name,
        account,
        id,
        kind: isGone ? "gone" : "changed",
        fields: isGone
          ? []
          : fields.map(({ field: path, desired, actual }) => ({
              path,
              ...(desired !== undefined && { desired }),
              ...(actual !== undefined && { actual }),
            })),
        ...(suspended && { suspended }),
      };
    });
}

/** Machines as the last pass over each account has seen them. @param wanted accounts; absent: all */
export async function remoteInventory(
  remote: Remote,
  wanted: readonly string[] | undefined,
  now: number,
): Promise<{ accounts: ListedInventory[]; passes: Pass[]; known: string[] }> {
  const { items: present, passes } = await allPages<Paged<Machine> & { passes: Pass[] }>(remote, "/inventory");
  const went = await remote.list<Machine>("/inventory", { gone: "true" }, Number.POSITIVE_INFINITY);
  const read = passes.filter(({ account }) => wanted?.includes(account) ?? true);
  const accounts = read.map(({ account, readAt }): ListedInventory => {
    const of = (machines: readonly Machine[]) =>
      machines
        .filter((machine) => machine.account === account)
        .map((machine) => itemOf(machine, now))
        .sort(byName);
    return { account, items: of(present), gone: of(went), ...(readAt === undefined && { error: NEVER }) };
  });
  return { accounts, passes: read.map(passOf), known: passes.map(({ account }) => account) };
}

function itemOf(
  { class: kind, image: _, status: __, ipv4: ___, ipv6: ____, ...machine }: Machine,
  now: number,
): ListedItem {
  return { ...machine, kind, ageDays: ageDays(machine, now) };
}

/** The first page with the items of all. */
async function allPages<Page extends Paged<unknown>>(remote: Remote, path: string): Promise<Page> {
  const first = await remote.get<Page>(path, { limit: MOST_ON_A_PAGE });
  const items = [...first.items];
  for (let cursor = first.next; cursor !== undefined; ) {
    const page = await remote.get<Page>(path, { limit: MOST_ON_A_PAGE, cursor });
    items.push(...page.items);
    cursor = page.next;
  }
  return { ...first, items };
}
