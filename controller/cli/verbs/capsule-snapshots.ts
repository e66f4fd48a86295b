import type { Snapshot } from "../../capsule/index.ts";
import type { Io } from "../io.ts";
import { EXIT } from "../options.ts";
import { renderSnapshots } from "../render/capsule.ts";
import { type OwnFleet, withManager } from "./capsule.ts";

/** `fleetwright capsule snapshot PROVIDER ID --name NAME`: comes back once it is taken. */
export async function snapshotVerb(
  flags: OwnFleet & { name: string },
  io: Io,
  provider: string,
  id: string,
): Promise<number> {
  return await withManager(flags, io, async (manager) => {
    const taken = await (await manager.get_provider(provider)).create_snapshot(id, flags.name);
    return print([taken], taken, flags, io);
  });
}

/** `fleetwright capsule snapshots PROVIDER`: the fleet's and others. */
export async function snapshotsVerb(flags: OwnFleet, io: Io, provider: string): Promise<number> {
  return await withManager(flags, io, async (manager) => {
    const snapshots = await (await manager.get_provider(provider)).list_snapshots();
    return print(snapshots, { snapshots }, flags, io);
  });
}

/** `fleetwright capsule delete-snapshot PROVIDER ID`. */
export async function deleteSnapshotVerb(flags: OwnFleet, io: Io, provider: string, id: string): Promise<number> {
  return await withManager(flags, io, async (manager) => {
    const gone = await (await manager.get_provider(provider)).delete_snapshot(id);
    return print([gone], gone, flags, io);
  });
}

function print(
  snapshots: readonly (Snapshot & { change?: string })[],
  value: object,
  { json }: Pick<OwnFleet, "json">,
  io: Io,
): number {
  if (json) io.out(JSON.stringify(value));
  else io.out(snapshots.length === 0 ? "no snapshots" : renderSnapshots(snapshots, io).join("\n"));
  return EXIT.ok;
}
