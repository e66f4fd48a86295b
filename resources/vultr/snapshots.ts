import type { ActualSnapshot, SnapshotReader } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { markWithin } from "../mark.ts";
import type { ServerSpec } from "../spec.ts";
import { isSnapshot, type Snapshot } from "./answers.ts";
import { vultrList, vultrObject } from "./http.ts";
import { isMetal } from "./ids.ts";

const GIB = 1024 ** 3;

/** Vultr's words for a snapshot that is not there. */
export const NO_SNAPSHOT = /invalid snapshot/i;

/** Snapshots of instances. Vultr does not tell of which. */
export const snapshots: SnapshotReader = {
  list: async (call) => (await listSnapshots(call)).filter(isKept).map(actualSnapshot),

  async observe(id, call) {
    if (!/^[0-9a-f-]{36}$/i.test(id))
      throw new FleetError("FLEET_INVALID", `"${id}" is no id of a snapshot at Vultr: these are UUIDs`, { id });
    const found = await vultrObject<Snapshot>(call, `/v2/snapshots/${id}`, "snapshot", isSnapshot, NO_SNAPSHOT);
    return found && isKept(found) ? actualSnapshot(found) : undefined;
  },
};

export function listSnapshots(call: Call): Promise<Snapshot[]> {
  return vultrList<Snapshot>(call, "/v2/snapshots", "snapshots", isSnapshot);
}

const isKept = ({ status }: Snapshot): boolean => status !== "deleted";

function actualSnapshot({ id, description = "", status = "complete", size, date_created }: Snapshot): ActualSnapshot {
  const mark = markWithin(description);
  return {
    id,
    name: mark === undefined ? description : description.replace(mark, "").trim(),
    ...(mark === undefined ? {} : { mark }),
    status,
    ...(status === "pending" ? { pending: true as const } : {}),
    ...(size ? { sizeGiB: size / GIB } : {}),
    ...(date_created ? { createdAt: new Date(date_created).toISOString() } : {}),
  };
}

export const snapshotProblem = ({ size }: ServerSpec): string | undefined =>
  isMetal(size) ? "Vultr takes no snapshots of bare metal" : undefined;
