import type { Call, Cloud } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { request } from "../http.ts";

/** NetBox beside the clouds: its token is kept, bound and read as the credentials of accounts are. @see https://netboxlabs.com/docs/netbox/integrations/rest-api/ */
export const netbox = {
  name: "netbox",
  title: "NetBox",
  credentials: { token: { required: true, description: "an API token that may read devices and tenants" } },
  // NetBox limits nothing by itself, and is often a small machine.
  limits: { api: { limit: 600, windowMs: 60_000, description: "600 requests a minute, a limit of ours" } },
} satisfies Pick<Cloud, "name" | "title" | "credentials" | "limits">;

/** What NetBox may hold on one page at most unless its operator chose otherwise; a shorter page is no matter. */
const PAGE_SIZE = 1000;
/** Names in one request: its address must not grow beyond what servers take. */
const BATCH = 50;

/** The fields of NetBox's answers that we read. */
export interface NetboxDevice {
  id: number;
  name: string;
  status: string;
  /** Its id: a device tells its tenant without the tenant's group. */
  tenant?: number;
  customFields: Readonly<Record<string, unknown>>;
}

export interface NetboxTenant {
  id: number;
  slug: string;
  /** Name of its group. */
  group?: string;
}

/** The devices of these names, each tried for in one of as few requests as there may be; what is not there is left out. */
export async function devicesNamed(names: readonly string[], call: Call): Promise<NetboxDevice[]> {
  return await inBatches([...new Set(names)], (name) => readAll(call, "/api/dcim/devices/", { name }, deviceOf));
}

export async function tenantsById(ids: readonly number[], call: Call): Promise<NetboxTenant[]> {
  return await inBatches([...new Set(ids)], (id) => readAll(call, "/api/tenancy/tenants/", { id }, tenantOf));
}

async function inBatches<K, T>(keys: readonly K[], read: (batch: readonly K[]) => Promise<T[]>): Promise<T[]> {
  const all: T[] = [];
  for (let start = 0; start < keys.length; start += BATCH) all.push(...(await read(keys.slice(start, start + BATCH))));
  return all;
}

interface Page {
  results?: unknown;
  next?: unknown;
}

/** A whole list. Of the link to the next page only that there is one is taken, never the address. */
async function readAll<T>(
  call: Call,
  path: string,
  filter: Record<string, readonly (string | number)[]>,
  of: (item: Fields) => T | undefined,
): Promise<T[]> {
  const all: T[] = [];
  for (let offset = 0; ; ) {
    const { body } = await request<Page | null>(call, {
      cloud: "netbox",
      method: "GET",
      path,
      query: { ...filter, limit: PAGE_SIZE, offset, ordering: "id" },
      headers: { authorization: `Token ${call.account.credentials.token}` },
      scopes: ["api"],
      errorOf: (_status, answer) => detailOf(answer),
    });
    const results = body?.results;
    if (!Array.isArray(results)) throw wrong(call, path, "it has no list of results");
    for (const item of results) {
      const read = isFields(item) ? of(item) : undefined;
      if (read === undefined) throw wrong(call, path, "an entry is not what was asked for");
      all.push(read);
    }
    if (body?.next === null || body?.next === undefined) return all;
    if (results.length === 0) throw wrong(call, path, "its next page is the same page");
    offset += results.length;
  }
}

type Fields = Readonly<Record<string, unknown>>;

const isFields = (value: unknown): value is Fields => typeof value === "object" && value !== null;

function deviceOf({ id, name, status, tenant, custom_fields: custom }: Fields): NetboxDevice | undefined {
  if (typeof id !== "number") return undefined;
  return {
    id,
    name: typeof name === "string" ? name : "",
    status: isFields(status) ? String(status.value ?? "") : "",
    ...(isFields(tenant) && typeof tenant.id === "number" && { tenant: tenant.id }),
    customFields: isFields(custom) ? custom : {},
  };
}

function tenantOf({ id, slug, group }: Fields): NetboxTenant | undefined {
  if (typeof id !== "number" || typeof slug !== "string") return undefined;
  return { id, slug, ...(isFields(group) && typeof group.name === "string" && { group: group.name }) };
}

function detailOf(body: unknown): string | undefined {
  if (!isFields(body)) return undefined;
  return typeof body.detail === "string" ? body.detail : JSON.stringify(body).slice(0, 300);
}

const wrong = (call: Call, path: string, reason: string): FleetError =>
  new FleetError("CLOUD_ANSWER_INVALID", `netbox answered GET ${path} wrongly: ${reason}`, {
    cloud: "netbox",
    account: call.account.spec.name,
  });
