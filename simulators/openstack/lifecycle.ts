import type { Place } from "./nova-create.ts";
import { schedule } from "./schedule.ts";
import type { Group, SimServer, World } from "./world.ts";

/** Something that takes time, unless the server is gone by then. */
export function later(server: SimServer, world: World, ms: number, task: () => void): void {
  world.clock.after(ms, () => {
    if (world.servers.get(server.id) !== server || server.task === "deleting") return;
    task();
    server.updatedAt = world.clock.now();
    world.servers.changed(server);
  });
}

/** Finds a host, plugs in the ports, starts the machine. */
export function buildServer(
  server: SimServer,
  world: World,
  { zone, places, groups }: { zone: string | undefined; places: Place[]; groups: Group[] },
): void {
  const { provisionMs } = world.timing;
  const host = schedule(world, server.flavor, zone, server);
  if (!host) {
    later(server, world, provisionMs / 2, () =>
      fail(server, world, "No valid host was found. There are not enough hosts available."),
    );
    return;
  }
  server.host = host.name;
  const group = groups.length > 0 ? { groups: groups.map(({ id }) => id) } : {};
  for (const place of places) {
    const deviceOwner = `compute:${world.zoneOf(host.name)}`;
    // A port that was there already keeps its own groups.
    if ("port" in place) Object.assign(place.port, { device: server.id, deviceOwner });
    else world.addPort(place.network, server.project, { device: server.id, deviceOwner, ofServer: true, ...group });
  }
  later(server, world, provisionMs / 2, () => {
    server.task = "spawning";
    later(server, world, provisionMs / 2, () => {
      Object.assign(server, { vm: "active", task: null, launchedAt: world.clock.now() });
    });
  });
}

function fail(server: SimServer, world: World, message: string): void {
  Object.assign(server, { vm: "error", task: null, fault: { code: 500, message, created: world.clock.now() } });
}

/** What was never placed is gone at once. */
export function deleteServer(server: SimServer, world: World): void {
  if (server.task === "deleting") return;
  server.task = "deleting";
  server.updatedAt = world.clock.now();
  world.servers.changed(server);
  world.clock.after(world.timing.actionMs, () => world.removeServer(server));
}
