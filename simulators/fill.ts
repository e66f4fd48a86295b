import { FleetError } from "../resources/errors.ts";
import type { ServerPatch } from "./control.ts";
import { Ids } from "./ids.ts";
import type { SimulatedCloud } from "./kit.ts";

/** What machines that a simulated cloud starts with are like: what it sells, the commonest first. */
export interface Variety {
  /** Sizes, each with the regions that sell it. */
  sizes: readonly { size: string; regions: readonly string[] }[];
  /** Images that every size and region takes. */
  images: readonly string[];
}

const ROLES = ["web", "app", "db", "cache", "queue", "build"];
/** Of all machines, as in accounts that people forget machines in. */
const STOPPED_SHARE = 0.05;

/**
 * Puts machines on a simulated cloud that nobody of a fleet made, by the same way as one by hand: no owner mark, no action and no call. The same
 * count and seed give the same machines.
 * @throws {FleetError} USAGE where this cloud cannot start with machines.
 */
export async function fillCloud(cloud: SimulatedCloud, servers: number, seed?: number): Promise<void> {
  const { variety } = cloud;
  if (variety === undefined) throw cannotFill(cloud.cloud);
  // Its own choices, so that the ids of the cloud are what they are without it.
  const ids = new Ids(seed);
  for (let index = 0; index < servers; index += 1) await cloud.addForeign(machine(variety, ids, index));
}

export const cannotFill = (cloud: string): FleetError =>
  new FleetError(
    "USAGE",
    `a simulated ${cloud} cannot start with machines: start it empty and make them through its API`,
    { cloud },
  );

function machine({ sizes, images }: Variety, ids: Ids, index: number): ServerPatch {
  const { size, regions } = common(sizes, ids);
  const role = ROLES[ids.below(ROLES.length)]!;
  return {
    name: `${role}-${String(index + 1).padStart(5, "0")}`,
    size,
    region: common(regions, ids),
    image: common(images, ids),
    tags: [role],
    power: ids.random() < STOPPED_SHARE ? "stopped" : "running",
  };
}

/** One of them, the earlier the likelier: half of all come from the first quarter. */
const common = <T>(list: readonly T[], ids: Ids): T => list[Math.floor(list.length * ids.random() ** 2)]!;
