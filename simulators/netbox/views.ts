import type { SimDevice, SimTenant, SimTenantGroup } from "./world.ts";

const CREATED = "2024-01-15T10:30:00Z";

/** What NetBox shows of an object within another. */
const brief = (origin: string, path: string, { id, name, slug }: { id: number; name: string; slug: string }) => ({
  id,
  url: `${origin}${path}${id}/`,
  display: name,
  name,
  slug,
  description: "",
});

const ROLE = { id: 1, name: "GPU host", slug: "gpu-host" };
const SITE = { id: 1, name: "Site 1", slug: "site-1" };
const MAKER = { id: 1, name: "Maker", slug: "maker" };

export function deviceView(device: SimDevice, tenant: SimTenant | undefined, origin: string): object {
  const { id, name, status = "active", customFields = {} } = device;
  const type = { id: 1, model: "GPU server", slug: "gpu-server", description: "" };
  const counts = ["console_port", "console_server_port", "power_port", "power_outlet", "interface", "front_port"];
  const more = ["rear_port", "device_bay", "module_bay", "inventory_item"];
  return {
    id,
    url: `${origin}/api/dcim/devices/${id}/`,
    display_url: `${origin}/dcim/devices/${id}/`,
    display: name,
    name,
    device_type: {
      ...type,
      url: `${origin}/api/dcim/device-types/1/`,
      display: type.model,
      manufacturer: brief(origin, "/api/dcim/manufacturers/", MAKER),
    },
    role: { ...brief(origin, "/api/dcim/device-roles/", ROLE), device_count: 1, virtualmachine_count: 0 },
    // Without the tenant's group.
    tenant: tenant === undefined ? null : brief(origin, "/api/tenancy/tenants/", tenant),
    platform: null,
    serial: "",
    asset_tag: null,
    site: brief(origin, "/api/dcim/sites/", SITE),
    location: null,
    rack: null,
    position: null,
    status: { value: status, label: status.charAt(0).toUpperCase() + status.slice(1) },
    description: "",
    comments: "",
    tags: [],
    custom_fields: customFields,
    created: CREATED,
    last_updated: CREATED,
    ...Object.fromEntries([...counts, ...more].map((one) => [`${one}_count`, 0])),
  };
}

interface Around {
  origin: string;
  group: SimTenantGroup | undefined;
  /** Devices of the tenant, and tenants of its group. */
  devices: number;
  ofGroup: number;
}

export function tenantView(tenant: SimTenant, { origin, group, devices, ofGroup }: Around): object {
  const others = ["circuit", "ipaddress", "prefix", "rack", "site", "virtualmachine", "vlan", "vrf", "cluster"];
  return {
    ...brief(origin, "/api/tenancy/tenants/", tenant),
    display_url: `${origin}/tenancy/tenants/${tenant.id}/`,
    group:
      group === undefined
        ? null
        : { ...brief(origin, "/api/tenancy/tenant-groups/", group), tenant_count: ofGroup, _depth: 0 },
    comments: "",
    tags: [],
    custom_fields: {},
    created: CREATED,
    last_updated: CREATED,
    device_count: devices,
    ...Object.fromEntries(others.map((one) => [`${one}_count`, 0])),
  };
}
