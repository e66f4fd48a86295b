/** A device as `/compute/` tells it: what was ordered. */
export interface ComputeDevice {
  deviceId: number;
  orderId?: number | null;
  serviceId?: number | null;
  hostname?: string | null;
  osName?: string | null;
  locationName?: string | null;
  productId?: number | null;
  productName?: string | null;
  powerStatus?: string | null;
  primaryIp?: string | null;
  tags?: string[] | null;
  period?: string | null;
  publicSshKeyId?: number | null;
  vlanId?: number | null;
}

/** The same device as `/device/` tells it: how it is. */
export interface DeviceState {
  deviceId: number;
  name?: string | null;
  hostname?: string | null;
  status?: string | null;
  /** Where it stands in being provisioned, also as `metadata.sps_status`: `IN_USE`, or `InUse`. */
  spsStatus?: string | null;
  metadata?: { sps_status?: unknown; is_reload?: unknown } | null;
  isReload?: boolean | null;
  hasCancellation?: boolean | null;
  /** Seconds since the epoch. */
  billingCancelDate?: number | null;
  tags?: string[] | null;
  primaryIp?: string | null;
}

export interface Order {
  orderId: number;
  status: string;
}

export interface Key {
  sshKeyId: number;
  name: string;
  publicKey?: string | null;
}

/** One product in one facility. */
export interface Stock {
  product_id: number;
  product_name?: string | null;
  data_center: string;
  stock?: string | null;
  is_vps?: boolean | null;
  product_hourly_price?: number | null;
  product_monthly_price?: number | null;
  hourly_location_premium?: number | null;
  monthly_location_premium?: number | null;
  product_disabled_billing_periods?: string[] | null;
  processor_info?: Record<string, unknown> | null;
  product_cpu?: string | null;
  product_cpu_cores?: string | null;
  product_memory?: string | null;
  product_drive?: string | null;
  product_gpu?: string | null;
  product_bandwidth?: string | null;
}

export interface Location {
  code: string;
  title?: string | null;
  location?: { city?: string | null; state?: string | null; country?: string | null } | null;
}

export interface OperatingSystem {
  name: string;
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isId = (value: unknown): value is number => Number.isInteger(value) && (value as number) > 0;
const isTags = (value: unknown): boolean =>
  value === undefined || value === null || (Array.isArray(value) && value.every((tag) => typeof tag === "string"));

export const isCompute = (value: unknown): value is ComputeDevice =>
  isRecord(value) && isId(value.deviceId) && isTags(value.tags);
export const isState = (value: unknown): value is DeviceState =>
  isRecord(value) && isId(value.deviceId) && isTags(value.tags);
export const isOrder = (value: unknown): value is Order =>
  isRecord(value) && isId(value.orderId) && typeof value.status === "string";
export const isKey = (value: unknown): value is Key =>
  isRecord(value) && isId(value.sshKeyId) && typeof value.name === "string";
export const isStock = (value: unknown): value is Stock =>
  isRecord(value) && isId(value.product_id) && typeof value.data_center === "string";
export const isLocation = (value: unknown): value is Location => isRecord(value) && typeof value.code === "string";
export const isOperatingSystem = (value: unknown): value is OperatingSystem =>
  isRecord(value) && typeof value.name === "string";
