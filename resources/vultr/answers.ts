/** The fields of Vultr's answers that we read. @see https://www.vultr.com/api/ */
export interface Instance {
  id: string;
  label: string;
  hostname?: string;
  /** active, pending, suspended, resizing. */
  status: string;
  /** running, stopped. */
  power_status: string;
  /** none, locked, installingbooting, ok. */
  server_status?: string;
  region: string;
  plan: string;
  vcpu_count?: number;
  /** MB and GB. */
  ram?: number;
  disk?: number;
  main_ip?: string;
  internal_ip?: string;
  v6_main_ip?: string;
  os_id?: number;
  app_id?: number;
  image_id?: string;
  snapshot_id?: string;
  firewall_group_id?: string;
  features?: string[];
  tags: string[];
  date_created?: string;
}

export interface BareMetal {
  id: string;
  label: string;
  /** active, pending, suspended; whether it is switched on is not told. */
  status: string;
  region: string;
  plan: string;
  cpu_count?: number;
  /** "32768 MB". */
  ram?: string;
  /** "2x 240GB SSD". */
  disk?: string;
  main_ip?: string;
  v6_main_ip?: string;
  os_id?: number;
  app_id?: number;
  image_id?: string;
  snapshot_id?: string;
  features?: string[];
  tags: string[];
  date_created?: string;
}

export interface FirewallGroup {
  id: string;
  description: string;
}

export interface GroupRule {
  id: number;
  /** v4, v6; `type` is its older name. */
  ip_type?: string;
  type?: string;
  protocol: string;
  port?: string;
  subnet: string;
  subnet_size: number;
  source?: string;
  notes?: string;
}

export interface SshKey {
  id: string;
  name: string;
}

export interface Plan {
  id: string;
  type?: string;
  vcpu_count: number;
  /** MB. */
  ram: number;
  /** GB of one disk. */
  disk: number;
  disk_count?: number;
  /** GB a month. */
  bandwidth?: number;
  /** US dollars. */
  monthly_cost: number;
  hourly_cost?: number;
  locations: string[];
  gpu_type?: string;
  gpu_vram_gb?: number;
}

export interface MetalPlan {
  id: string;
  cpu_count: number;
  cpu_model?: string;
  ram: number;
  /** GB of one disk; the description says text and shows a number. */
  disk: number | string;
  disk_count?: number;
  bandwidth?: number;
  monthly_cost: number;
  hourly_cost?: number;
  locations: string[];
}

export interface Region {
  id: string;
  city: string;
  country?: string;
}

export interface OperatingSystem {
  id: number;
  name: string;
  family?: string;
}

export interface Application {
  id: number;
  name: string;
  deploy_name?: string;
  /** one-click, marketplace. */
  type: string;
  vendor?: string;
  image_id?: string;
}

export interface Snapshot {
  id: string;
  description?: string;
  /** pending, complete, deleted. */
  status?: string;
  /** Bytes. */
  size?: number;
  date_created?: string;
}

export interface StartupScript {
  id: string;
  name: string;
  type?: string;
}

type Fields = Record<string, unknown>;

const has = (value: unknown, check: (fields: Fields) => boolean): boolean =>
  typeof value === "object" && value !== null && check(value as Fields);

const texts = (fields: Fields, ...names: string[]): boolean => names.every((name) => typeof fields[name] === "string");
const numbers = (fields: Fields, ...names: string[]): boolean => names.every((name) => Number.isFinite(fields[name]));

export const isInstance = (value: unknown): value is Instance =>
  has(
    value,
    (fields) => texts(fields, "id", "label", "status", "power_status", "region", "plan") && Array.isArray(fields.tags),
  );

export const isBareMetal = (value: unknown): value is BareMetal =>
  has(value, (fields) => texts(fields, "id", "label", "status", "region", "plan") && Array.isArray(fields.tags));

export const isFirewallGroup = (value: unknown): value is FirewallGroup =>
  has(value, (fields) => texts(fields, "id", "description"));

export const isGroupRule = (value: unknown): value is GroupRule =>
  has(value, (fields) => texts(fields, "protocol", "subnet") && numbers(fields, "id", "subnet_size"));

export const isSshKey = (value: unknown): value is SshKey => has(value, (fields) => texts(fields, "id", "name"));

export const isPlan = (value: unknown): value is Plan =>
  has(
    value,
    (fields) =>
      texts(fields, "id") &&
      numbers(fields, "vcpu_count", "ram", "disk", "monthly_cost") &&
      Array.isArray(fields.locations),
  );

export const isMetalPlan = (value: unknown): value is MetalPlan =>
  has(
    value,
    (fields) =>
      texts(fields, "id") && numbers(fields, "cpu_count", "ram", "monthly_cost") && Array.isArray(fields.locations),
  );

export const isRegion = (value: unknown): value is Region => has(value, (fields) => texts(fields, "id", "city"));

export const isOperatingSystem = (value: unknown): value is OperatingSystem =>
  has(value, (fields) => numbers(fields, "id") && texts(fields, "name"));

export const isApplication = (value: unknown): value is Application =>
  has(value, (fields) => numbers(fields, "id") && texts(fields, "name", "type"));

export const isSnapshot = (value: unknown): value is Snapshot => has(value, (fields) => texts(fields, "id"));

export const isStartupScript = (value: unknown): value is StartupScript =>
  has(value, (fields) => texts(fields, "id", "name"));
