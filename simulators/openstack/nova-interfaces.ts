import { novaError } from "./errors.ts";
import { bodyOf, type NovaApp, type NovaContext, projectOf } from "./nova-request.ts";
import { checkLock, found, touch } from "./nova-server.ts";
import type { Port, SimServer, World } from "./world.ts";

/** States in which nova plugs something into a server, or out of it. */
const PLUGGABLE: readonly string[] = ["active", "paused", "stopped"];

/** A server's places on ports: `os-interface`. */
export function interfaceRoutes(app: NovaApp, world: World): void {
  const view = (c: NovaContext, port: Port) => ({
    port_id: port.id,
    net_id: port.network,
    mac_addr: port.mac,
    port_state: "ACTIVE",
    ...(c.get("minor") >= 70 ? { tag: null } : {}),
    fixed_ips: port.ips.map(({ subnet, address }) => ({ subnet_id: subnet, ip_address: address })),
  });
  const attached = (c: NovaContext, server: SimServer): Port => {
    const id = c.req.param("port") ?? "";
    const port = world.portsOf(server.id).find((candidate) => candidate.id === id);
    if (!port) throw novaError(404, `Instance ${server.id} does not have a port with id ${id}`);
    return port;
  };

  app.get("/servers/:id/os-interface", (c) =>
    c.json({ interfaceAttachments: world.portsOf(found(c, world).id).map((port) => view(c, port)) }),
  );
  app.get("/servers/:id/os-interface/:port", (c) =>
    c.json({ interfaceAttachment: view(c, attached(c, found(c, world))) }),
  );

  app.post("/servers/:id/os-interface", async (c) => {
    const server = found(c, world);
    const given = await bodyOf(c, "interfaceAttachment");
    checkLock(c, server);
    checkState(server, "attach_interface");
    const port = portFor(c, world, given);
    Object.assign(port, { device: server.id, deviceOwner: `compute:${world.zoneOf(server.host ?? "")}` });
    touch(server, world);
    return c.json({ interfaceAttachment: view(c, port) });
  });

  app.delete("/servers/:id/os-interface/:port", (c) => {
    const server = found(c, world);
    checkLock(c, server);
    checkState(server, "detach_interface");
    const port = attached(c, server);
    // The guest lets go of it in its own time.
    world.clock.after(world.timing.actionMs, () => {
      if (port.device !== server.id) return;
      if (port.ofServer) world.ports.delete(port.id);
      else Object.assign(port, { device: "", deviceOwner: "" });
      touch(server, world);
    });
    return c.body(null, 202);
  });
}

function checkState({ id, vm, task }: SimServer, action: string): void {
  if (task !== null) throw novaError(409, `Cannot '${action}' instance ${id} while it is in task_state ${task}`);
  if (!PLUGGABLE.includes(vm)) throw novaError(409, `Cannot '${action}' instance ${id} while it is in vm_state ${vm}`);
}

/** The named port, or a new one on the named network. */
function portFor(c: NovaContext, world: World, { port_id: id, net_id: net }: Record<string, unknown>): Port {
  if (id !== undefined && net !== undefined) throw novaError(400, "Must not input both network_id and port_id");
  if (id === undefined) {
    const network = net === undefined ? world.usableNetworks(projectOf(c))[0] : world.networks.get(String(net));
    if (!network) throw novaError(400, `Network ${net} could not be found.`);
    return world.addPort(network, projectOf(c), { ofServer: true });
  }
  const port = world.ports.get(String(id));
  if (!port) throw novaError(404, `Port id ${id} could not be found.`);
  if (port.device !== "") throw novaError(409, `Port ${id} is still in use.`);
  return port;
}
