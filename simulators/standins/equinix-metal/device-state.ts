import type { PropertyMap } from "../../../resources/plugin/handler.ts";

/** A device as the API answers it, as far as the plugin reads it. */
export interface Device {
  id: string;
  hostname: string;
  description?: string | null;
  state: string;
  billing_cycle: string;
  always_pxe: boolean;
  ipxe_script_url: string;
  locked: boolean;
  tags: string[];
  root_password?: string;
  created_at: string;
  updated_at: string;
  plan: { slug: string };
  operating_system: { slug: string };
  facility: { code: string };
  metro?: { code: string } | null;
  project: { id: string };
  hardware_reservation?: { href: string } | null;
  ssh_keys?: { href: string }[];
  ip_addresses?: Address[];
  network_ports?: Port[];
}

interface Address {
  address: string;
  address_family: number;
  cidr: number;
  gateway: string;
  public: boolean;
  management: boolean;
}

interface Port {
  id: string;
  name: string;
  type: string;
  data: { mac?: string; bonded?: boolean };
}

/** Declared values that the plugin never reads back: they stay as they are in state. */
const KEPT = [
  "forceDetachVolumes",
  "hardwareReservationId",
  "ipAddresses",
  "projectSshKeyIds",
  "userData",
  "waitForReservationDeprovision",
] as const;

/** What the plugin knows of a device; null where it has no value. */
export function deviceOutputs(device: Device, known: PropertyMap): PropertyMap {
  const networks = (device.ip_addresses ?? []).filter(({ management }) => management).sort((a, b) => rank(a) - rank(b));
  const access = (family: number, isPublic: boolean) =>
    networks.find((each) => each.address_family === family && each.public === isPublic)?.address ?? "";
  return {
    ...Object.fromEntries(KEPT.map((name) => [name, known[name] ?? null])),
    accessPrivateIpv4: access(4, false),
    accessPublicIpv4: access(4, true),
    accessPublicIpv6: access(6, true),
    alwaysPxe: device.always_pxe,
    billingCycle: device.billing_cycle,
    created: device.created_at,
    deployedFacility: device.facility.code,
    deployedHardwareReservationId: device.hardware_reservation?.href.split("/").at(-1) ?? null,
    description: device.description ?? null,
    facilities: [device.facility.code],
    hostname: device.hostname,
    ipxeScriptUrl: device.ipxe_script_url,
    locked: device.locked,
    metro: device.metro?.code ?? null,
    networkType: networkTypeOf(device, networks),
    networks: networks.map((each) => ({
      address: each.address,
      cidr: each.cidr,
      family: each.address_family,
      gateway: each.gateway,
      public: each.public,
    })),
    operatingSystem: device.operating_system.slug,
    plan: device.plan.slug,
    ports: (device.network_ports ?? []).map(({ id, name, type, data }) => ({
      bonded: data.bonded ?? false,
      id,
      mac: data.mac ?? "",
      name,
      type,
    })),
    projectId: device.project.id,
    rootPassword: device.root_password ?? known.rootPassword ?? null,
    sshKeyIds: (device.ssh_keys ?? []).map(({ href }) => href.split("/").at(-1) ?? ""),
    state: device.state,
    tags: device.tags,
    updated: device.updated_at,
  };
}

/** Public IPv4, IPv6, private IPv4. */
function rank({ address_family: family, public: isPublic }: Address): number {
  if (family === 6) return 1;
  return isPublic ? 0 : 2;
}

function networkTypeOf({ network_ports: ports = [] }: Device, networks: Address[]): string {
  const bonded = ports.every(({ data }) => data.bonded === true);
  if (!bonded) return networks.length > 0 ? "hybrid" : "layer2-individual";
  return networks.length > 0 ? "layer3" : "layer2-bonded";
}
