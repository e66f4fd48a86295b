import type { ActualSnapshot, SnapshotReader } from "../actual.ts";
import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import type { Creation } from "../gateway-profile.ts";
import { markWithin } from "../mark.ts";
import { type Action, isAction, isSnapshot, type Snapshot } from "./answers.ts";
import { digitaloceanList, digitaloceanObject } from "./http.ts";

/** Snapshots have no tags when they are taken, so the mark ends their name. */
export function snapshotName(name: string, mark: string): string {
  return `${name} ${mark}`;
}

/** Snapshots of droplets; those of volumes are on the same paths, and are none of ours. One that is being taken is not shown. */
export const snapshots: SnapshotReader = {
  list: async (call) => (await listSnapshots(call)).map(actualSnapshot),

  async observe(id, call) {
    if (!/^\d{1,15}$/.test(id))
      throw new FleetError("FLEET_INVALID", `"${id}" is no id of a snapshot of a droplet: these are numbers`, { id });
    const found = await digitaloceanObject<Snapshot>(call, `/v2/snapshots/${id}`, "snapshot", isSnapshot);
    return found && actualSnapshot(found);
  },
};

function listSnapshots(call: Call): Promise<Snapshot[]> {
  return digitaloceanList<Snapshot>(call, "/v2/snapshots", "snapshots", isSnapshot, { resource_type: "droplet" });
}

function actualSnapshot({ id, name, resource_id, size_gigabytes, created_at }: Snapshot): ActualSnapshot {
  const mark = markWithin(name);
  return {
    id: String(id),
    name: mark === undefined ? name : name.replace(mark, "").trim(),
    ...(mark === undefined ? {} : { mark }),
    status: "available",
    server: String(resource_id),
    sizeGiB: size_gigabytes,
    createdAt: new Date(created_at).toISOString(),
  };
}

/**
 * The action that takes a snapshot. The plugin waits for it, and then takes the droplet's snapshot of the second in which the action began, whatever its
 * name: so a lost action is only answered once the snapshot with our mark is there, and never by one that somebody else may have begun.
 */
export function snapshotAction(droplet: string, { type, name }: Record<string, unknown>): Creation | undefined {
  const mark = type === "snapshot" && typeof name === "string" ? markWithin(name) : undefined;
  if (mark === undefined) return undefined;
  return {
    kind: "Snapshot",
    key: mark,
    idOf: (answer) => String((answer as { action: { id: number } }).action.id),
    find: async (call) => {
      const taken = (await listSnapshots(call)).find((snapshot) => markWithin(snapshot.name) === mark);
      const actions = (await actionsOf(droplet, call)).filter(({ type }) => type === "snapshot");
      if (taken === undefined) {
        if (!actions.some(({ status }) => status === "in-progress")) return undefined;
        const message = `a snapshot of droplet ${droplet} is being taken, which may be the one that was asked for: look again when it is done`;
        throw new FleetError("CLOUD_UNAVAILABLE", message, { cloud: "digitalocean", server: droplet });
      }
      const begun = Date.parse(taken.created_at);
      const [action, ...more] = actions.filter(({ started_at }) => Date.parse(started_at ?? "") === begun);
      if (more.length > 0)
        throw new FleetError(
          "CLOUD_UNAVAILABLE",
          `several snapshots of droplet ${droplet} were begun in one second, which the plugin does not tell apart`,
          { cloud: "digitalocean", server: droplet },
        );
      return action && { status: 201, body: { action }, id: String(action.id) };
    },
  };
}

const actionsOf = (droplet: string, call: Call): Promise<Action[]> =>
  digitaloceanList<Action>(call, `/v2/droplets/${droplet}/actions`, "actions", isAction);
