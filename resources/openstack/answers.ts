/** The fields of nova's answers that we read. @see https://docs.openstack.org/api-ref/compute/#servers-servers */
export interface NovaServer {
  id: string;
  name: string;
  status: string;
  created?: string;
  tenant_id?: string;
  metadata: Record<string, string>;
  /** An empty text where it boots from a volume. */
  image: { id: string } | "";
  /** As it was when the server was made or resized; a flavor may have gone since. */
  flavor: { original_name: string; vcpus: number; ram: number; disk: number; extra_specs?: Record<string, string> };
  addresses: Record<string, NovaAddress[]>;
  config_drive?: string;
  fault?: { message?: string };
  "OS-EXT-AZ:availability_zone"?: string;
  "OS-EXT-STS:task_state"?: string | null;
  "OS-EXT-STS:power_state"?: number;
  /** Only administrators see it. */
  "OS-EXT-SRV-ATTR:host"?: string | null;
}

interface NovaAddress {
  addr: string;
  version: number;
  "OS-EXT-IPS:type"?: string;
}

export interface Flavor {
  id: string;
  name: string;
  vcpus: number;
  /** MiB */
  ram: number;
  /** GiB */
  disk: number;
  extra_specs?: Record<string, string>;
}

export interface Aggregate {
  id: number;
  name: string;
  availability_zone: string | null;
  hosts: string[];
  metadata: Record<string, string>;
}

/** Of nova's services, one that runs servers. */
export interface ComputeService {
  host: string;
  state: string;
  status: string;
}

/** What has resources: a host, or a device of one. */
export interface ResourceProvider {
  uuid: string;
  name: string;
  /** Raised by whatever changes its resources. */
  generation: number;
  root_provider_uuid: string;
}

export interface SecurityGroup {
  id: string;
  name: string;
  description: string;
  security_group_rules: SecurityGroupRule[];
}

export interface SecurityGroupRule {
  id: string;
  direction: string;
  ethertype: string;
  protocol: string | null;
  port_range_min: number | null;
  port_range_max: number | null;
  remote_ip_prefix: string | null;
  remote_group_id: string | null;
}

export interface Port {
  id: string;
  name: string;
  network_id: string;
  /** Absent where Neutron describes nothing. */
  description?: string | null;
  /** Id of the server that it is plugged into; an empty text while there is none. */
  device_id?: string;
  fixed_ips?: { ip_address: string; subnet_id: string }[];
  status?: string;
  security_groups: string[];
  port_security_enabled?: boolean;
}

export interface Image {
  id: string;
  name: string | null;
  status?: string;
  /** GiB */
  min_disk?: number;
  visibility?: string;
  /** Bytes; null while it is made. */
  size?: number | null;
  created_at?: string;
  /** `snapshot` of what Nova has made of a server, whose id is `instance_uuid`. */
  image_type?: string;
  instance_uuid?: string;
  /** Properties that somebody has given it. */
  [property: string]: unknown;
}

type Fields = Record<string, unknown>;

const has = (value: unknown, check: (fields: Fields) => boolean): boolean =>
  typeof value === "object" && value !== null && !Array.isArray(value) && check(value as Fields);

export const isNamed = (value: unknown): value is { id: string; name: string } =>
  has(value, (fields) => typeof fields.id === "string" && typeof fields.name === "string");

export const isServer = (value: unknown): value is NovaServer =>
  isNamed(value) &&
  has(
    value,
    (fields) =>
      typeof fields.status === "string" &&
      has(fields.metadata, () => true) &&
      has(fields.addresses, () => true) &&
      has(fields.flavor, (flavor) => typeof flavor.original_name === "string"),
  );

/** All that nova tells of a server in a part of it that is down. */
export const isUnreachable = (value: unknown): value is { id: string } =>
  has(value, (fields) => typeof fields.id === "string" && fields.status === "UNKNOWN" && fields.name === undefined);

export const isFlavor = (value: unknown): value is Flavor =>
  isNamed(value) &&
  has(value, (fields) => [fields.vcpus, fields.ram, fields.disk].every((number) => Number.isFinite(number)));

export const isAggregate = (value: unknown): value is Aggregate =>
  has(
    value,
    (fields) =>
      Number.isInteger(fields.id) &&
      typeof fields.name === "string" &&
      Array.isArray(fields.hosts) &&
      has(fields.metadata, () => true),
  );

export const isComputeService = (value: unknown): value is ComputeService =>
  has(value, (fields) => [fields.host, fields.state, fields.status].every((text) => typeof text === "string"));

export const isProvider = (value: unknown): value is ResourceProvider =>
  has(
    value,
    (fields) =>
      [fields.uuid, fields.name, fields.root_provider_uuid].every((text) => typeof text === "string") &&
      Number.isInteger(fields.generation),
  );

export const isSecurityGroup = (value: unknown): value is SecurityGroup =>
  isNamed(value) && has(value, (fields) => Array.isArray(fields.security_group_rules));

export const isPort = (value: unknown): value is Port =>
  isNamed(value) &&
  has(value, (fields) => typeof fields.network_id === "string" && Array.isArray(fields.security_groups));

export const isImage = (value: unknown): value is Image => has(value, (fields) => typeof fields.id === "string");
