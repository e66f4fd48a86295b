/** The fields of DigitalOcean's answers that we read. @see https://docs.digitalocean.com/reference/api/reference/droplets/ */
export interface Droplet {
  id: number;
  name: string;
  status: string;
  size_slug?: string;
  size?: { slug: string };
  region: { slug: string };
  image?: { id: number; slug: string | null } | null;
  vcpus?: number;
  /** MB and GB. */
  memory?: number;
  disk?: number;
  networks?: { v4?: Address[]; v6?: Address[] };
  features?: string[];
  tags: string[];
  created_at?: string;
}

export interface Address {
  ip_address: string;
  type: string;
}

export interface Action {
  id: number;
  status: string;
  type?: string;
  started_at?: string;
}

/** Of a droplet, or of a volume: those have ids that are no numbers. */
export interface Snapshot {
  id: number | string;
  name: string;
  resource_id: number | string;
  size_gigabytes: number;
  created_at: string;
}

export interface Named {
  id: number | string;
  name: string;
}

export interface Rule {
  protocol: string;
  /** "0" for all of them, and for a protocol that has none. */
  ports?: string;
  sources?: Ends;
  destinations?: Ends;
}

/** Addresses, and what a rule may name instead of addresses. */
export interface Ends {
  addresses?: string[] | null;
  droplet_ids?: number[] | null;
  load_balancer_uids?: string[] | null;
  kubernetes_ids?: string[] | null;
  tags?: string[] | null;
}

export interface Firewall {
  id: string;
  name: string;
  inbound_rules: Rule[] | null;
  outbound_rules: Rule[] | null;
}

export interface Size {
  slug: string;
  description?: string;
  available: boolean;
  vcpus: number;
  memory: number;
  disk: number;
  /** TB. */
  transfer: number;
  price_hourly: number;
  price_monthly: number;
  regions: string[];
  gpu_info?: { count: number; model?: string };
}

export interface Region {
  slug: string;
  name: string;
  available: boolean;
  features?: string[];
}

export interface Image {
  id: number;
  slug: string | null;
  name: string;
  distribution?: string | null;
  description?: string | null;
  /** `custom` for what was uploaded, among others. */
  type?: string;
  min_disk_size?: number;
  public?: boolean;
  regions?: string[];
  status?: string;
}

export interface OneClick {
  slug: string;
  type: string;
}

type Fields = Record<string, unknown>;

const has = (value: unknown, check: (fields: Fields) => boolean): boolean =>
  typeof value === "object" && value !== null && check(value as Fields);

export const isDroplet = (value: unknown): value is Droplet =>
  has(
    value,
    (fields) =>
      Number.isInteger(fields.id) &&
      typeof fields.name === "string" &&
      typeof fields.status === "string" &&
      Array.isArray(fields.tags) &&
      has(fields.region, (region) => typeof region.slug === "string"),
  );

export const isAction = (value: unknown): value is Action =>
  has(value, (fields) => Number.isInteger(fields.id) && typeof fields.status === "string");

export const isSnapshot = (value: unknown): value is Snapshot =>
  isNamed(value) &&
  has(
    value,
    (fields) =>
      ["number", "string"].includes(typeof fields.resource_id) &&
      Number.isFinite(fields.size_gigabytes) &&
      typeof fields.created_at === "string",
  );

export const isNamed = (value: unknown): value is Named =>
  has(
    value,
    (fields) => (Number.isInteger(fields.id) || typeof fields.id === "string") && typeof fields.name === "string",
  );

const isRules = (value: unknown): boolean =>
  value === null ||
  (Array.isArray(value) && value.every((rule) => has(rule, (fields) => typeof fields.protocol === "string")));

export const isFirewall = (value: unknown): value is Firewall =>
  has(
    value,
    (fields) =>
      typeof fields.id === "string" &&
      typeof fields.name === "string" &&
      isRules(fields.inbound_rules) &&
      isRules(fields.outbound_rules),
  );

export const isSize = (value: unknown): value is Size =>
  has(
    value,
    (fields) =>
      typeof fields.slug === "string" &&
      Array.isArray(fields.regions) &&
      [fields.vcpus, fields.memory, fields.disk, fields.price_hourly, fields.price_monthly].every(Number.isFinite),
  );

export const isRegion = (value: unknown): value is Region =>
  has(value, (fields) => typeof fields.slug === "string" && typeof fields.name === "string");

export const isImage = (value: unknown): value is Image =>
  has(value, (fields) => Number.isInteger(fields.id) && typeof fields.name === "string");

export const isOneClick = (value: unknown): value is OneClick =>
  has(value, ({ slug, type }) => typeof slug === "string" && typeof type === "string");
