import { neutronError } from "./errors.ts";
import { isAdmin, list, type NeutronApp, type NeutronContext, projectOf } from "./neutron-request.ts";
import type { Network, Subnet, World } from "./world.ts";

const MADE = "2026-01-01T00:00:00Z";
const STAMPS = { created_at: MADE, updated_at: MADE, revision_number: 1, tags: [] };

/** Networks and subnets, which the fleet only reads. */
export function networkRoutes(app: NeutronApp, world: World): void {
  const visible = (c: NeutronContext) =>
    [...world.networks.values()].filter(
      ({ project, shared, external }) => isAdmin(c) || project === projectOf(c) || shared || external,
    );

  app.get("/v2.0/networks", (c) => list(c, "networks", visible(c).map(networkView)));
  app.get("/v2.0/networks/:id", (c) => {
    const network = visible(c).find(({ id }) => id === c.req.param("id"));
    if (!network) throw neutronError(404, "NetworkNotFound", `Network ${c.req.param("id")} could not be found.`);
    return c.json({ network: networkView(network) });
  });
  const subnets = (c: NeutronContext) =>
    visible(c).flatMap(({ subnets: ids }) => ids.map((id) => world.subnets.get(id) as Subnet));
  app.get("/v2.0/subnets", (c) => list(c, "subnets", subnets(c).map(subnetView)));
  app.get("/v2.0/subnets/:id", (c) => {
    const subnet = subnets(c).find(({ id }) => id === c.req.param("id"));
    if (!subnet) throw neutronError(404, "SubnetNotFound", `Subnet ${c.req.param("id")} could not be found.`);
    return c.json({ subnet: subnetView(subnet) });
  });
}

function networkView({ id, name, project, shared, external, subnets }: Network) {
  return {
    id,
    name,
    status: "ACTIVE",
    admin_state_up: true,
    shared,
    "router:external": external,
    subnets,
    tenant_id: project,
    project_id: project,
    mtu: 1450,
    description: "",
    port_security_enabled: true,
    availability_zone_hints: [],
    availability_zones: ["nova"],
    ipv4_address_scope: null,
    ipv6_address_scope: null,
    ...STAMPS,
  };
}

function subnetView({ id, name, network, project, version, cidr, gateway }: Subnet) {
  return {
    id,
    name,
    network_id: network,
    tenant_id: project,
    project_id: project,
    ip_version: version,
    cidr,
    gateway_ip: gateway,
    enable_dhcp: true,
    ipv6_address_mode: version === 6 ? "slaac" : null,
    ipv6_ra_mode: version === 6 ? "slaac" : null,
    dns_nameservers: [],
    host_routes: [],
    allocation_pools: [],
    subnetpool_id: null,
    service_types: [],
    description: "",
    ...STAMPS,
  };
}
