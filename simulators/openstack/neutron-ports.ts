import { neutronError } from "./errors.ts";
import { bodyOf, isAdmin, list, type NeutronApp, type NeutronContext, projectOf } from "./neutron-request.ts";
import { isoSeconds } from "./wire.ts";
import type { FloatingIp, Port, World } from "./world.ts";

export function portRoutes(app: NeutronApp, world: World): void {
  const mine = (c: NeutronContext) =>
    [...world.ports.values()].filter(({ project }) => isAdmin(c) || project === projectOf(c));
  const found = (c: NeutronContext): Port => {
    const id = c.req.param("id") ?? "";
    const port = mine(c).find((candidate) => candidate.id === id);
    if (!port) throw neutronError(404, "PortNotFound", `Port ${id} could not be found.`);
    return port;
  };
  const checkGroups = (groups: unknown): string[] => {
    const ids = (groups ?? []) as string[];
    const missing = ids.find((id) => !world.groups.has(id));
    if (missing) throw neutronError(404, "SecurityGroupNotFound", `Security group ${missing} does not exist`);
    return [...new Set(ids)];
  };

  app.get("/v2.0/ports", (c) => list(c, "ports", mine(c).map(portView)));
  app.get("/v2.0/ports/:id", (c) => c.json({ port: portView(found(c)) }));
  app.post("/v2.0/ports", async (c) => {
    const given = await bodyOf(c, "port");
    const network = world.networks.get(String(given.network_id));
    if (!network) throw neutronError(404, "NetworkNotFound", `Network ${given.network_id} could not be found.`);
    const port = world.addPort(network, projectOf(c), {
      name: String(given.name ?? ""),
      description: String(given.description ?? ""),
      ...(given.security_groups === undefined ? {} : { groups: checkGroups(given.security_groups) }),
    });
    return c.json({ port: portView(port) }, 201);
  });
  app.put("/v2.0/ports/:id", async (c) => {
    const port = found(c);
    const { name, description, security_groups: groups } = await bodyOf(c, "port");
    if (groups !== undefined) port.groups = checkGroups(groups);
    if (name !== undefined) port.name = String(name);
    if (description !== undefined) port.description = String(description);
    return c.json({ port: portView(port) });
  });
  app.delete("/v2.0/ports/:id", (c) => {
    world.ports.delete(found(c).id);
    return c.body(null, 204);
  });

  floatingRoutes(app, world);
}

function portView(port: Port) {
  const made = isoSeconds(port.createdAt);
  return {
    id: port.id,
    name: port.name,
    network_id: port.network,
    tenant_id: port.project,
    project_id: port.project,
    mac_address: port.mac,
    admin_state_up: true,
    status: port.device === "" ? "DOWN" : "ACTIVE",
    device_id: port.device,
    device_owner: port.deviceOwner,
    fixed_ips: port.ips.map(({ subnet, address }) => ({ subnet_id: subnet, ip_address: address })),
    security_groups: port.groups,
    port_security_enabled: true,
    allowed_address_pairs: [],
    extra_dhcp_opts: [],
    "binding:vnic_type": "normal",
    description: port.description,
    created_at: made,
    updated_at: made,
    revision_number: 1,
    tags: [],
  };
}

function floatingRoutes(app: NeutronApp, world: World): void {
  const mine = (c: NeutronContext) => [...world.floatingIps.values()].filter(({ project }) => project === projectOf(c));
  const found = (c: NeutronContext): FloatingIp => {
    const id = c.req.param("id") ?? "";
    const ip = mine(c).find((candidate) => candidate.id === id);
    if (!ip) throw neutronError(404, "FloatingIPNotFound", `Floating IP ${id} could not be found`);
    return ip;
  };
  const view = (ip: FloatingIp) => {
    const port = ip.port === null ? undefined : world.ports.get(ip.port);
    return {
      id: ip.id,
      floating_ip_address: ip.address,
      floating_network_id: ip.network,
      fixed_ip_address: port?.ips.find(({ address }) => !address.includes(":"))?.address ?? null,
      port_id: ip.port,
      router_id: null,
      status: ip.port === null ? "DOWN" : "ACTIVE",
      tenant_id: ip.project,
      project_id: ip.project,
      description: ip.description,
      tags: [],
      revision_number: 1,
      created_at: isoSeconds(ip.createdAt),
      updated_at: isoSeconds(ip.createdAt),
    };
  };
  const checkPort = (id: unknown): string | null => {
    if (id === null || id === undefined) return null;
    if (world.ports.has(String(id))) return String(id);
    throw neutronError(404, "PortNotFound", `Port ${id} could not be found.`);
  };

  app.get("/v2.0/floatingips", (c) => list(c, "floatingips", mine(c).map(view)));
  app.get("/v2.0/floatingips/:id", (c) => c.json({ floatingip: view(found(c)) }));
  app.post("/v2.0/floatingips", async (c) => {
    const given = await bodyOf(c, "floatingip");
    const network = world.networks.get(String(given.floating_network_id));
    if (!network?.external) {
      const message = `Bad floatingip request: Network ${given.floating_network_id} is not a valid external network.`;
      throw neutronError(400, "BadRequest", message);
    }
    const ip: FloatingIp = {
      id: world.ids.uuid(),
      address: `203.0.113.${10 + world.floatingIps.size}`,
      network: network.id,
      port: checkPort(given.port_id),
      project: projectOf(c),
      description: String(given.description ?? ""),
      createdAt: world.clock.now(),
    };
    world.floatingIps.set(ip.id, ip);
    return c.json({ floatingip: view(ip) }, 201);
  });
  app.put("/v2.0/floatingips/:id", async (c) => {
    const ip = found(c);
    const given = await bodyOf(c, "floatingip");
    if ("port_id" in given) ip.port = checkPort(given.port_id);
    if (given.description !== undefined) ip.description = String(given.description);
    return c.json({ floatingip: view(ip) });
  });
  app.delete("/v2.0/floatingips/:id", (c) => {
    world.floatingIps.delete(found(c).id);
    return c.body(null, 204);
  });
}
