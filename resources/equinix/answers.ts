/** The fields of Equinix Metal's answers that we read. @see https://deploy.equinix.com/developers/api/metal */
export interface Device {
  id: string;
  hostname: string;
  state: string;
  tags: string[];
  plan: Plan;
  metro?: { code?: string } | null;
  facility?: { code?: string; metro?: { code?: string } | null } | null;
  operating_system?: { slug?: string } | null;
  /** Whole, or as a link only. */
  project?: { id?: string; href?: string } | null;
  ip_addresses?: Address[];
  description?: string | null;
  billing_cycle?: string;
  always_pxe?: boolean;
  ipxe_script_url?: string | null;
  hardware_reservation?: { href?: string; id?: string } | null;
  created_at?: string;
  /** Only while it is made ready. */
  provisioning_percentage?: number | null;
  provisioning_events?: ProvisioningEvent[];
}

export interface Address {
  address: string;
  address_family: number;
  public: boolean;
}

export interface ProvisioningEvent {
  body?: string | null;
  /** Absent of a step that is still to come. */
  created_at?: string | null;
}

export interface Plan {
  id?: string;
  slug: string;
  name?: string;
  line?: string;
  deployment_types?: string[];
  pricing?: { hour?: number | string } | null;
  available_in_metros?: { href?: string; price?: { hour?: number | string } | null }[];
  specs?: {
    cpus?: { count?: number; type?: string }[];
    memory?: { total?: string };
    drives?: { count?: number; size?: string; category?: string }[];
    nics?: unknown[];
  };
}

export interface Metro {
  id: string;
  code: string;
  name: string;
  country?: string;
}

export interface OperatingSystem {
  id?: string;
  slug: string;
  name: string;
  provisionable_on?: string[];
}

export interface Key {
  id: string;
  label: string;
}

/** By metro and plan; `level` is `unavailable` where none is left. */
export type Capacity = Record<string, Record<string, { level?: string; available_servers?: number }>>;

type Fields = Record<string, unknown>;

const has = (value: unknown, check: (fields: Fields) => boolean): boolean =>
  typeof value === "object" && value !== null && check(value as Fields);
const isText = (value: unknown): value is string => typeof value === "string" && value !== "";

export const isDevice = (value: unknown): value is Device =>
  has(
    value,
    (fields) =>
      isText(fields.id) &&
      typeof fields.hostname === "string" &&
      isText(fields.state) &&
      Array.isArray(fields.tags) &&
      fields.tags.every((tag) => typeof tag === "string") &&
      has(fields.plan, (plan) => isText(plan.slug)) &&
      (has(fields.metro, (metro) => isText(metro.code)) || has(fields.facility, (site) => isText(site.code))),
  );

export const isPlan = (value: unknown): value is Plan => has(value, (fields) => isText(fields.slug));

export const isMetro = (value: unknown): value is Metro =>
  has(value, (fields) => isText(fields.id) && isText(fields.code) && typeof fields.name === "string");

export const isOperatingSystem = (value: unknown): value is OperatingSystem =>
  has(value, (fields) => isText(fields.slug) && typeof fields.name === "string");

export const isKey = (value: unknown): value is Key =>
  has(value, (fields) => isText(fields.id) && typeof fields.label === "string");

export const isCapacity = (value: unknown): value is Capacity =>
  has(value, (metros) => Object.values(metros).every((plans) => has(plans, () => true)));
