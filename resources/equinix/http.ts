import type { Account, Call, RateLimit } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { type Answer, failure, type RequestOptions, request } from "../http.ts";
import { readPages } from "../pages.ts";
import { type Device, isDevice } from "./answers.ts";
import type { EquinixAccountOptions } from "./schemas.ts";

export const ENDPOINT = "https://api.equinix.com";
export const BASE = "/metal/v1";

/** The device reference allows 1,000 a page and the introduction speaks of 100: what both allow. */
export const PAGE_SIZE = 100;

/** Counted per token. */
export const LIMITS = {
  minute: { limit: 100, windowMs: 60_000, description: "All requests of a minute" },
} satisfies Record<string, RateLimit>;

export function authorization(account: Account): Record<string, string> {
  return { "x-auth-token": account.credentials.token ?? "" };
}

/** The project that an account's machines and keys are in. @throws {FleetError} FLEET_INVALID when the file names none */
export function projectOf(options: Readonly<Record<string, unknown>> | undefined): string {
  const { project }: EquinixAccountOptions = options ?? {};
  if (project) return project;
  throw new FleetError(
    "FLEET_INVALID",
    "an account of Equinix Metal needs `options.project`, the UUID of its project",
    {
      cloud: "equinix",
    },
  );
}

type EquinixRequest = Pick<RequestOptions, "method" | "path" | "query" | "json" | "ok" | "idempotent" | "answer">;

/** One request, with Equinix Metal's errors as codes of ours. `path` without `/metal/v1`. */
export function equinix<T = unknown>(call: Call, options: EquinixRequest): Promise<Answer<T>> {
  return request<T>(call, {
    ...options,
    path: `${BASE}${options.path}`,
    cloud: "equinix",
    headers: authorization(call.account),
    scopes: ["minute"],
    errorOf: (_status, body) => reasonsOf(body).join("; ") || undefined,
  });
}

/** The devices of the account's project, at 100 a page, never silently short. @throws {FleetError} CLOUD_ANSWER_INVALID */
export function listDevices(call: Call, query: Record<string, string> = {}): Promise<Device[]> {
  const path = `/projects/${projectOf(call.account.spec.options)}/devices`;
  return readPages<Device>({
    pageSize: PAGE_SIZE,
    idOf: ({ id }) => id,
    invalid: (reason) => invalidAnswer(call, "GET", path, reason),
    read: async (page) => {
      const options = { method: "GET" as const, path, query: { ...query, page, per_page: PAGE_SIZE } };
      const { body } = await equinix<Record<string, unknown> | null>(call, options);
      const total = (body?.meta as { total?: unknown } | undefined)?.total;
      const devices = body?.devices;
      if (!Array.isArray(devices) || !Number.isInteger(total) || !devices.every(isDevice))
        throw invalidAnswer(call, "GET", path, "it is no page of this list");
      return { items: devices, total: total as number };
    },
  });
}

/** A list without pages, from under its name. */
export async function listOf<T>(
  call: Call,
  path: string,
  field: string,
  isItem: (item: unknown) => item is T,
): Promise<T[]> {
  const { body } = await equinix<Record<string, unknown> | null>(call, { method: "GET", path });
  const items = body?.[field];
  if (!Array.isArray(items) || !items.every(isItem)) throw invalidAnswer(call, "GET", path, `it holds no ${field}`);
  return items;
}

/**
 * One device; undefined only when Equinix Metal itself says that it is gone: a 404 with a list of errors and the id of the request.
 *
 * @throws {FleetError} FLEET_INVALID for an id of another kind, and for a device of another project: that one is not this account's.
 */
export async function readDevice(call: Call, id: string): Promise<Device | undefined> {
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(id))
    throw new FleetError("FLEET_INVALID", `"${id}" is no id of a device: these are UUIDs`, place(id));
  const path = `/devices/${id}`;
  const query = { include: "project" };
  const { status, headers, body } = await equinix<unknown>(call, { method: "GET", path, query, ok: [404] });
  if (status === 404) {
    if (headers.has("x-request-id") && reasonsOf(body).length > 0) return undefined;
    throw invalidAnswer(call, "GET", path, "it is a 404 that is not Equinix Metal's");
  }
  if (!isDevice(body) || body.id !== id) throw invalidAnswer(call, "GET", path, "it is not the device asked for");
  if (body.state === "deleted") return undefined;
  const own = projectOf(call.account.spec.options);
  const project = body.project?.id ?? body.project?.href?.split("/").at(-1);
  if (project !== undefined && project !== own)
    throw new FleetError(
      "FLEET_INVALID",
      `device ${id} is in project ${project}, and account ${call.account.spec.name} is of ${own}`,
      place(id),
    );
  return body;
}

const place = (id: string) => ({ cloud: "equinix", server: id });

export function invalidAnswer(call: Call, method: RequestOptions["method"], path: string, reason: string): FleetError {
  const message = `answered ${method} ${BASE}${path} wrongly: ${reason}`;
  return failure(call, { cloud: "equinix", method, path: `${BASE}${path}` }, "CLOUD_ANSWER_INVALID", message);
}

/** `{"errors": [...]}` or `{"error": "..."}` as texts. */
function reasonsOf(body: unknown): string[] {
  const { errors, error } = (body ?? {}) as { errors?: unknown; error?: unknown };
  if (Array.isArray(errors)) return errors.filter((each): each is string => typeof each === "string");
  return typeof error === "string" ? [error] : [];
}
