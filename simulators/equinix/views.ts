import { METROS, type Metro, type OperatingSystem, PLANS, type Plan } from "./catalog.ts";
import { type Device, type DeviceEvent, EQUINIX_PROJECT, type EquinixWorld, type ProjectKey } from "./world.ts";

const BASE = "/metal/v1";
const time = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;
const href = (path: string) => ({ href: `${BASE}/${path}` });

/** What a request asks to be shown whole (`include`), or as a link only (`exclude`). */
export interface Expansion {
  include: ReadonlySet<string>;
  exclude: ReadonlySet<string>;
}

export const metroView = ({ id, code, name, country }: Metro) => ({ id, code, name, country });

export const facilityView = (metro: Metro) => ({
  id: metro.facility.id,
  code: metro.facility.code,
  name: metro.facility.name,
  features: ["baremetal", "backend_transfer", "layer_2", "global_ipv4", "ibx"],
  ip_ranges: ["198.18.0.0/15", "2001:db8:4641::/48"],
  metro: metroView(metro),
});

export function planView(plan: Plan) {
  const metros = [...METROS.values()].filter(({ code }) => plan.stock[code] !== undefined);
  const price = ({ priceFactor = 1 }: Metro) => ({ hour: Math.round(plan.pricePerHour * priceFactor * 100) / 100 });
  return {
    id: plan.id,
    slug: plan.slug,
    name: plan.name,
    class: plan.slug,
    description: `${plan.cpus.count} x ${plan.cpus.type}, ${plan.memory}`,
    line: "baremetal",
    legacy: false,
    type: "standard" as const,
    categories: ["compute", "current_gen"],
    deployment_types: ["on_demand", "spot_market"],
    pricing: { hour: plan.pricePerHour },
    available_in: metros.map((metro) => ({ ...href(`facilities/${metro.facility.id}`), price: price(metro) })),
    available_in_metros: metros.map((metro) => ({ ...href(`locations/metros/${metro.id}`), price: price(metro) })),
    specs: {
      cpus: [plan.cpus],
      memory: { total: plan.memory },
      drives: plan.drives,
      nics: [plan.nics],
      features: { raid: false, txt: true, uefi: true },
    },
  };
}

export const systemView = (system: OperatingSystem) => ({
  id: system.id,
  slug: system.slug,
  name: system.name,
  distro: system.distro,
  distro_label: system.distro,
  version: system.version,
  licensed: system.distro === "windows",
  preinstallable: false,
  default_operating_system: false,
  pricing: {},
  provisionable_on: [...PLANS.values()].filter(({ arch }) => system.arch.includes(arch)).map(({ slug }) => slug),
});

// A page holds many devices of the same few plans.
const PLAN_VIEWS = new Map([...PLANS].map(([slug, plan]) => [slug, planView(plan)]));

export function projectView(world: EquinixWorld) {
  return {
    id: EQUINIX_PROJECT,
    name: "Simulated",
    type: "default" as const,
    created_at: time(world.createdMs),
    updated_at: time(world.createdMs),
    backend_transfer_enabled: false,
    customdata: {},
    devices: [],
    invitations: [],
    max_devices: {},
    members: [],
    memberships: [],
    network_status: {},
    ssh_keys: [],
    tags: [],
    volumes: [],
    ...href(`projects/${EQUINIX_PROJECT}`),
  };
}

export function keyView(key: ProjectKey) {
  return {
    id: key.id,
    label: key.label,
    key: key.key,
    fingerprint: key.fingerprint,
    created_at: time(key.createdMs),
    updated_at: time(key.updatedMs),
    // The description has `entity`; the official plugin reads `owner`.
    entity: href(`projects/${EQUINIX_PROJECT}`),
    owner: href(`projects/${EQUINIX_PROJECT}`),
    tags: [],
    ...href(`ssh-keys/${key.id}`),
  };
}

export const eventView = (event: DeviceEvent) => ({
  id: event.id,
  type: event.type,
  body: event.body,
  interpolated: event.body,
  relationships: [],
  state: event.atMs === undefined ? "pending" : "success",
  // A step still to come has no time.
  ...(event.atMs === undefined ? {} : { created_at: time(event.atMs) }),
  ...href(`events/${event.id}`),
});

/** A device; what it refers to is shown whole unless excluded, keys only when included. */
export function deviceView(device: Device, world: EquinixWorld, { include, exclude }: Expansion) {
  const whole = <T extends object>(name: string, path: string, view: T) => (exclude.has(name) ? href(path) : view);
  const { provisioning } = device;
  return {
    id: device.id,
    short_id: device.id.slice(0, 8),
    hostname: device.hostname,
    ...(device.description ? { description: device.description } : {}),
    state: device.state,
    tags: device.tags,
    billing_cycle: device.billingCycle,
    always_pxe: device.alwaysPxe,
    ipxe_script_url: device.ipxeScriptUrl,
    bonding_mode: 4,
    customdata: {},
    image_url: "",
    iqn: "",
    locked: device.locked,
    network_frozen: false,
    spot_instance: false,
    switch_uuid: device.metro.facility.id.slice(-8),
    user: "root",
    userdata: device.userdata,
    // The real one takes it away after a day.
    root_password: `simulated-${device.id.slice(0, 8)}`,
    sos: `${device.id}@sos.${device.metro.facility.code}.simulated.example`,
    created_at: time(device.createdMs),
    updated_at: time(device.updatedMs),
    plan: whole("plan", `plans/${device.plan.id}`, PLAN_VIEWS.get(device.plan.slug)!),
    operating_system: whole("operating_system", `operating-systems/${device.system.id}`, systemView(device.system)),
    metro: whole("metro", `locations/metros/${device.metro.id}`, metroView(device.metro)),
    facility: whole("facility", `facilities/${device.metro.facility.id}`, facilityView(device.metro)),
    project: whole("project", `projects/${EQUINIX_PROJECT}`, projectView(world)),
    project_lite: href(`projects/${EQUINIX_PROJECT}`),
    ssh_keys: device.keyIds.map((id) => {
      const key = include.has("ssh_keys") ? world.keys.get(id) : undefined;
      return key ? keyView(key) : href(`ssh-keys/${id}`);
    }),
    volumes: [],
    actions: [{ type: "power_off", name: "Power off" }],
    ip_addresses: device.addresses.map((address) => addressView(address, device)),
    network_ports: portsView(device),
    ...(device.reservation ? { hardware_reservation: href(`hardware-reservations/${device.reservation}`) } : {}),
    ...(provisioning ? { provisioning_percentage: percentageOf(device, provisioning, world) } : {}),
    ...(provisioning || include.has("provisioning_events")
      ? { provisioning_events: device.events.filter(({ type }) => /^provisioning/.test(type)).map(eventView) }
      : {}),
    ...href(`devices/${device.id}`),
  };
}

function percentageOf({ state }: Device, { fromMs, ms }: NonNullable<Device["provisioning"]>, world: EquinixWorld) {
  if (state === "queued") return 0;
  return Math.min(100, Math.round(((world.clock.now() - fromMs) / Math.max(1, ms)) * 1000) / 10);
}

export function addressView(address: Device["addresses"][number], device: Device) {
  const gateway = address.address;
  return {
    id: address.id,
    address: address.address,
    address_family: address.family,
    cidr: address.cidr,
    public: address.public,
    gateway,
    network: gateway,
    netmask: address.family === 6 ? "ffff:ffff:ffff:ffff:ffff:ffff:ffff:fffe" : "255.255.255.254",
    enabled: true,
    global_ip: false,
    manageable: true,
    management: true,
    created_at: time(device.createdMs),
    assigned_to: href(`devices/${device.id}`),
    metro: metroView(device.metro),
    ...href(`ips/${address.id}`),
  };
}

function portsView({ ports }: Device) {
  const bond = { id: ports.bond, name: "bond0" };
  return [
    {
      ...bond,
      type: "NetworkBondPort" as const,
      data: { bonded: true },
      network_type: "layer3" as const,
      disbond_operation_supported: true,
      virtual_networks: [],
      ...href(`ports/${ports.bond}`),
    },
    ...ports.members.map(({ id, mac }, index) => ({
      id,
      name: `eth${index}`,
      type: "NetworkPort" as const,
      data: { bonded: true, mac },
      bond,
      disbond_operation_supported: true,
      virtual_networks: [],
      ...href(`ports/${id}`),
    })),
  ];
}

export function reservationView(
  reservation: EquinixWorld["reservations"][number],
  world: EquinixWorld,
  { include }: Expansion,
) {
  const device = reservation.device === undefined ? undefined : world.devices.get(reservation.device);
  const none = { include: new Set<string>(), exclude: new Set<string>() };
  return {
    id: reservation.id,
    short_id: reservation.id.slice(0, 8),
    plan: PLAN_VIEWS.get(reservation.plan.slug)!,
    facility: facilityView(reservation.metro),
    project: href(`projects/${EQUINIX_PROJECT}`),
    provisionable: device === undefined,
    spare: false,
    need_of_service: false,
    custom_rate: 900,
    switch_uuid: reservation.metro.facility.id.slice(-8),
    created_at: time(world.createdMs),
    ...(device
      ? { device: include.has("device") ? deviceView(device, world, none) : href(`devices/${device.id}`) }
      : {}),
    ...href(`hardware-reservations/${reservation.id}`),
  };
}
