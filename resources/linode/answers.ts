/** The fields of Linode's answers that we read. @see https://techdocs.akamai.com/linode-api/reference/get-linode-instances */
export interface Instance {
  id: number;
  label: string;
  status: string;
  type: string | null;
  region: string;
  image: string | null;
  ipv4?: string[];
  ipv6?: string | null;
  tags: string[];
  specs?: { vcpus: number; memory: number; disk: number };
  backups?: { enabled: boolean };
  /** UTC, without a zone. */
  created?: string;
}

export interface Labelled {
  id: number;
  label: string;
  tags?: string[];
}

export interface Rule {
  action: string;
  protocol: string;
  ports?: string | null;
  addresses?: { ipv4?: string[] | null; ipv6?: string[] | null };
  description?: string | null;
}

export interface Firewall {
  id: number;
  label: string;
  status: string;
  tags?: string[];
  rules: {
    inbound?: Rule[] | null;
    inbound_policy: string;
    outbound?: Rule[] | null;
    outbound_policy: string;
  };
}

export interface Device {
  id: number;
  entity: { id: number; type: string };
}

export interface Event {
  id: number;
  status: string;
  message?: string | null;
}

export interface LinodeType {
  id: string;
  label: string;
  vcpus: number;
  memory: number;
  disk: number;
  transfer: number;
  gpus?: number;
  price: { hourly: number; monthly: number };
  region_prices?: { id: string; hourly: number; monthly: number }[];
}

/** Whether a region has a plan in stock. */
export interface Availability {
  region: string;
  plan: string;
  available: boolean;
}

export interface StackScript {
  id: number;
  label: string;
  description?: string | null;
  is_public?: boolean;
  images?: string[];
  user_defined_fields?: UserDefinedField[] | null;
}

/** What a script asks for. Choices are one text with commas, called `oneOf` in Linode's description and `oneof` by its API. */
export interface UserDefinedField {
  name: string;
  label: string;
  default?: string | null;
  example?: string | null;
  oneof?: string | null;
  oneOf?: string | null;
  manyof?: string | null;
  manyOf?: string | null;
}

export interface Region {
  id: string;
  label: string;
  status: string;
  country?: string;
  capabilities?: string[];
}

export interface Image {
  id: string;
  label: string;
  description?: string | null;
  vendor?: string | null;
  /** MB. */
  size: number;
  status?: string;
  deprecated?: boolean;
  is_public?: boolean;
  regions?: { region: string; status: string }[];
}

type Fields = Record<string, unknown>;

const has = (value: unknown, check: (fields: Fields) => boolean): boolean =>
  typeof value === "object" && value !== null && check(value as Fields);

export const isInstance = (value: unknown): value is Instance =>
  has(
    value,
    (fields) =>
      Number.isInteger(fields.id) &&
      typeof fields.label === "string" &&
      typeof fields.status === "string" &&
      typeof fields.region === "string" &&
      Array.isArray(fields.tags),
  );

export const isLabelled = (value: unknown): value is Labelled =>
  has(value, (fields) => Number.isInteger(fields.id) && typeof fields.label === "string");

const isRules = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (Array.isArray(value) &&
    value.every((rule) =>
      has(rule, (fields) => typeof fields.action === "string" && typeof fields.protocol === "string"),
    ));

export const isFirewall = (value: unknown): value is Firewall =>
  has(
    value,
    (fields) =>
      Number.isInteger(fields.id) &&
      typeof fields.label === "string" &&
      has(
        fields.rules,
        ({ inbound, outbound, inbound_policy, outbound_policy }) =>
          isRules(inbound) &&
          isRules(outbound) &&
          typeof inbound_policy === "string" &&
          typeof outbound_policy === "string",
      ),
  );

export const isDevice = (value: unknown): value is Device =>
  has(value, (fields) => Number.isInteger(fields.id) && has(fields.entity, (entity) => Number.isInteger(entity.id)));

export const isEvent = (value: unknown): value is Event =>
  has(value, (fields) => Number.isInteger(fields.id) && typeof fields.status === "string");

export const isType = (value: unknown): value is LinodeType =>
  has(
    value,
    (fields) =>
      typeof fields.id === "string" &&
      Number.isFinite(fields.vcpus) &&
      Number.isFinite(fields.memory) &&
      Number.isFinite(fields.disk) &&
      has(fields.price, (price) => Number.isFinite(price.hourly) && Number.isFinite(price.monthly)),
  );

export const isRegion = (value: unknown): value is Region =>
  has(value, (fields) => typeof fields.id === "string" && typeof fields.label === "string");

export const isImage = (value: unknown): value is Image =>
  has(value, (fields) => typeof fields.id === "string" && typeof fields.label === "string");

export const isAvailability = (value: unknown): value is Availability =>
  has(
    value,
    ({ region, plan, available }) =>
      typeof region === "string" && typeof plan === "string" && typeof available === "boolean",
  );

export const isStackScript = (value: unknown): value is StackScript =>
  has(value, (fields) => Number.isInteger(fields.id) && typeof fields.label === "string");
