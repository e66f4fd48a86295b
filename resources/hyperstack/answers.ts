/** The fields of Hyperstack's answers that we read. @see https://docs.hyperstack.cloud/docs/api-reference/ */
export interface Instance {
  id: number;
  name: string;
  status: string;
  power_state?: string | null;
  environment: { name: string; region: string };
  image?: { name?: string | null } | null;
  keypair?: { name?: string | null } | null;
  /** `ram` in GB, `disk` in GB. */
  flavor: { name: string; cpu: number; ram: number; disk: number };
  fixed_ip?: string | null;
  floating_ip?: string | null;
  floating_ip_status?: string | null;
  port_randomization?: boolean | null;
  labels: string[];
  created_at?: string | null;
}

export interface Environment {
  id: number;
  name: string;
  region: string;
}

export interface KeyPair {
  id: number;
  name: string;
  public_key: string;
  environment: { name: string; region: string };
}

export interface SecurityRule {
  id: number;
  direction: string;
  ethertype: string;
  /** Absent for any. */
  protocol?: string | null;
  port_range_min?: number | null;
  port_range_max?: number | null;
  remote_ip_prefix?: string | null;
  status?: string | null;
}

export interface Firewall {
  id: number;
  name: string;
  description?: string | null;
  environment: { id: number; name: string; region: string };
  rules: SecurityRule[];
  attachments: { vm: { id: number } }[];
}

export interface Flavor {
  name: string;
  display_name?: string | null;
  region_name: string;
  cpu: number;
  /** GB. */
  ram: number;
  disk: number;
  ephemeral?: number | null;
  /** Empty for flavors without. */
  gpu?: string | null;
  gpu_count?: number | null;
  stock_available?: boolean;
}

export interface Image {
  id?: number;
  name: string;
  type?: string | null;
  region_name: string;
  /** Bytes. */
  size?: number | null;
  description?: string | null;
  is_public?: boolean | null;
}

export interface Region {
  name: string;
  description?: string | null;
  country?: string | null;
}

/** USD an hour: of one GPU, one virtual processor, one GB. Numbers come as texts as well. */
export interface PricebookEntry {
  name: string;
  value: number | string;
}

export interface VmEvent {
  type?: string | null;
  reason?: string | null;
  message?: string | null;
  time?: string | null;
}

type Fields = Record<string, unknown>;

const has = (value: unknown, check: (fields: Fields) => boolean): boolean =>
  typeof value === "object" && value !== null && check(value as Fields);
const text = (value: unknown): value is string => typeof value === "string" && value !== "";
const isPlace = (value: unknown): boolean => has(value, (fields) => text(fields.name) && text(fields.region));

export const isInstance = (value: unknown): value is Instance =>
  has(
    value,
    (fields) =>
      Number.isInteger(fields.id) &&
      text(fields.name) &&
      text(fields.status) &&
      isPlace(fields.environment) &&
      has(fields.flavor, (flavor) => text(flavor.name)) &&
      Array.isArray(fields.labels),
  );

export const isEnvironment = (value: unknown): value is Environment =>
  has(value, (fields) => Number.isInteger(fields.id) && isPlace(value));

export const isKeyPair = (value: unknown): value is KeyPair =>
  has(
    value,
    (fields) =>
      Number.isInteger(fields.id) && text(fields.name) && text(fields.public_key) && isPlace(fields.environment),
  );

export const isSecurityRule = (value: unknown): value is SecurityRule =>
  has(value, (fields) => Number.isInteger(fields.id) && text(fields.direction) && text(fields.ethertype));

export const isFirewall = (value: unknown): value is Firewall =>
  has(
    value,
    (fields) =>
      Number.isInteger(fields.id) &&
      text(fields.name) &&
      isPlace(fields.environment) &&
      Array.isArray(fields.rules) &&
      fields.rules.every(isSecurityRule) &&
      Array.isArray(fields.attachments) &&
      fields.attachments.every((one) => has(one, ({ vm }) => has(vm, ({ id }) => Number.isInteger(id)))),
  );

export const isFlavor = (value: unknown): value is Flavor =>
  has(
    value,
    (fields) =>
      text(fields.name) &&
      text(fields.region_name) &&
      [fields.cpu, fields.ram, fields.disk].every((size) => Number.isFinite(size)),
  );

export const isImage = (value: unknown): value is Image =>
  has(value, (fields) => text(fields.name) && text(fields.region_name));

export const isRegion = (value: unknown): value is Region => has(value, (fields) => text(fields.name));

export const isPricebookEntry = (value: unknown): value is PricebookEntry =>
  has(
    value,
    (fields) => text(fields.name) && fields.value !== "" && Number.isFinite(Number(fields.value ?? Number.NaN)),
  );
