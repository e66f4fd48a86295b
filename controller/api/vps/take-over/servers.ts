import type { ActualServer } from "../../../../resources/actual.ts";
import { HOSTNAME } from "../../../../resources/hostname.ts";
import type { PlanSpec, ServerSpec } from "../../../../resources/spec.ts";
import { nameFor } from "../../../adopt/file.ts";
import { type Beside, type Proposal, proposeFiles } from "../../../adopt/propose.ts";
import { isOrphan, unchangeable } from "../../../reconcile/adopt.ts";
import { type Controller, callOn, cloudOf } from "../../../reconcile/context.ts";
import type { Desired } from "../../../reconcile/desired.ts";
import type { InventoryItem } from "../../../reconcile/inventory.ts";
import { lookAtServer } from "../../../reconcile/look.ts";
import type { MatchedAccount } from "../../../reconcile/match.ts";
import { inParallel } from "../../../reconcile/pool.ts";
import { nameOf } from "../instances/ids.ts";
import type { LeftOut, OldInstance } from "./installation.ts";
import type { TakenPlan } from "./plans.ts";

/** One instance whose machine is there and is going to be the fleet's. */
export interface TakenServer {
  instance: OldInstance;
  proposal: Proposal;
  /** What the old table says otherwise than the cloud, which is right. */
  outdated: { field: string; table: string; cloud: string }[];
}

export interface ServersOf {
  account: MatchedAccount;
  instances: readonly OldInstance[];
  plans: readonly TakenPlan[];
  deletionPolicy: ServerSpec["deletionPolicy"];
  /** New files of accounts and plans, that the servers name. */
  files: NonNullable<Beside["files"]>;
}

/**
 * Files for instances of one account as their machines are: each is looked at directly, and gone is what its cloud says twice to be gone.
 * @throws {FleetError} for any other fault of the cloud: nothing is then known of its machines
 */
export async function takenServers(
  controller: Controller,
  desired: Desired,
  { account, instances, plans, deletionPolicy, files }: ServersOf,
  signal: AbortSignal,
): Promise<{ servers: TakenServer[]; leftOut: LeftOut[] }> {
  const cloud = cloudOf(controller, account.spec.provider);
  const call = callOn(controller, account.spec, signal);
  const ours = await machinesOf(controller, desired, account);
  const leftOut: LeftOut[] = [];
  const leave = ({ id, label }: OldInstance, reason: string) => void leftOut.push({ id, label, reason });
  const items = new Map<InventoryItem, OldInstance>();
  await inParallel([...instances], 8, async (instance) => {
    const { machine } = instance;
    const server = ours.get(machine);
    if (server !== undefined)
      return leave(
        instance,
        `its machine ${machine} is the server ${server} already: write \`uuid: ${instance.id}\` there`,
      );
    const actual = await lookAtServer(cloud, machine, call, controller.sleep);
    if (actual === undefined) return leave(instance, `${cloud.title} has no machine ${machine} any more`);
    if (actual.leaving !== undefined) return leave(instance, `its machine ${machine} is being removed`);
    if (actual.mark !== undefined && !(await isOrphan(controller, account.identity, actual.mark)))
      return leave(instance, `its machine ${machine} has the mark ${actual.mark} of another fleet`);
    items.set(itemOf(account, actual, controller.now()), instance);
  });

  // In the order of the table, whichever was read first.
  const sorted = [...items.keys()].sort((a, b) => instances.indexOf(items.get(a)!) - instances.indexOf(items.get(b)!));
  const taken = new Set(desired.objects.map(({ spec }) => spec.name));
  const { proposals, refused } = await proposeFiles(controller, desired, account, sorted, {
    files,
    wanted: (item) => {
      const instance = items.get(item)!;
      const { id, label, owner } = instance;
      // Twelve digits of ids that somebody has counted up are the same.
      const name = taken.has(nameOf(id)) ? `vps-${id.replaceAll("-", "")}` : nameOf(id);
      taken.add(name);
      return {
        name,
        own: {
          title: label,
          uuid: id,
          ...(!HOSTNAME.test(item.actual.name) && { hostname: nameFor(item.actual, new Set()) }),
          ...(owner !== undefined && { owner }),
          deletionPolicy,
        },
        plans: plansFor(instance, plans),
      };
    },
  });
  const instanceOf = ({ id }: InventoryItem) => instances.find(({ machine }) => machine === id)!;
  for (const { item, reason } of refused) leave(instanceOf(item), reason);
  const servers = proposals.flatMap((proposal): TakenServer[] => {
    const instance = instanceOf(proposal.item);
    const fixed = unchangeable(cloud, proposal.differs);
    if (fixed !== "") {
      leave(instance, `its machine is none that a file can ask for: ${fixed}`);
      return [];
    }
    return [{ instance, proposal, outdated: outdated(instance, plans, proposal.item.actual) }];
  });
  return { servers, leftOut };
}

/** Machines that servers of the fleet are, or are to be, by the cloud's ids. */
async function machinesOf({ store }: Controller, { objects }: Desired, { identity, spec: { name } }: MatchedAccount) {
  const records = await store.objects({ account: identity, kind: "Server" });
  const ours = new Map(
    records.flatMap(({ cloudId, name }) => (cloudId === undefined ? [] : [[cloudId, name] as const])),
  );
  for (const { spec } of objects)
    if (spec.kind === "Server" && spec.account === name && spec.adopt !== undefined) ours.set(spec.adopt, spec.name);
  return ours;
}

/** A machine of the account that no pass has to have seen. */
function itemOf({ spec }: MatchedAccount, actual: ActualServer, now: number): InventoryItem {
  const { id, name, size, region, power } = actual;
  const at = new Date(now).toISOString();
  return {
    ...{ account: spec.name, id, name, kind: "foreign", region, power, actual },
    ...(size !== undefined && { size }),
    ...{ firstSeen: at, lastSeen: at, ageDays: 0 },
  };
}

/** Its own first, then others of its provider. Plans that stood in the fleet before have other prices. */
function plansFor({ plan, provider }: OldInstance, plans: readonly TakenPlan[]): PlanSpec[] {
  const all = plans.filter((one) => one.plan.provider === provider);
  return [...all.filter((one) => one.plan.id === plan), ...all].map(({ spec }) => spec);
}

function outdated(
  { plan, told }: OldInstance,
  plans: readonly TakenPlan[],
  { size, region, image }: ActualServer,
): TakenServer["outdated"] {
  const own = plans.find((one) => one.plan.id === plan)?.plan.size;
  const compared = {
    size: [own ?? told.size, size],
    region: [told.region, region],
    image: [told.image, image],
  } as const;
  return Object.entries(compared).flatMap(([field, [table, cloud]]) =>
    table === undefined || cloud === undefined || table === cloud ? [] : [{ field, table, cloud }],
  );
}
