import type { Call } from "../cloud.ts";
import { FleetError, type FleetErrorCode } from "../errors.ts";
import { type Answer, failure, type RequestOptions, request } from "../http.ts";
import { authenticate, forgetLogin, type Session } from "./login.ts";
import { apiPath, transport, wordsOf } from "./wire.ts";

export interface PveRequest {
  method: "GET" | "POST" | "PUT" | "DELETE";
  /** Below `/api2/json`, with its variable parts escaped: `/nodes/pve1/qemu/101/config`. */
  path: string;
  query?: RequestOptions["query"];
  /** A text is sent as it is, true and false as 1 and 0. */
  form?: Readonly<Record<string, string | number | boolean | undefined>>;
  /** Whether it may be sent again when nobody knows if it took effect. Default: GET, PUT and DELETE may. */
  idempotent?: boolean;
  /** Default 30 s. */
  timeoutMs?: number;
}

/**
 * One request to the API of Proxmox VE; returns what stands under `data`.
 *
 * Proxmox VE answers 500 for nearly everything that it will not do, so the words decide: see `meaningOf`.
 *
 * @throws {FleetError} NOT_FOUND (the node has no such VM), CLOUD_REFUSED (with `at.taken` when a VM id is in use), CLOUD_UNAVAILABLE (locked
 * or busy until the last attempt, and any 500 whose words are not known), and what `request` throws.
 */
export async function pve<T>(call: Call, asked: PveRequest): Promise<T> {
  const session = await authenticate(call);
  try {
    return await send<T>(call, asked, session);
  } catch (error) {
    const refused = error instanceof FleetError && error.code === "CLOUD_AUTH" && error.at.status === 401;
    // A ticket may end before its time, as when the cluster changes its keys.
    if (!refused || !(await forgetLogin(call.account, session))) throw error;
    return await send<T>(call, asked, await authenticate(call));
  }
}

async function send<T>(call: Call, asked: PveRequest, { headers, secrets }: Session): Promise<T> {
  const { method, path, query, form, idempotent, timeoutMs } = asked;
  const options: RequestOptions = {
    cloud: "Proxmox VE",
    method,
    path: apiPath(call.account, path),
    headers,
    secrets,
    scopes: ["api"],
    errorOf: (_status, body) => wordsOf(body),
    ...(query ? { query } : {}),
    ...(form ? { form: flags(form) } : {}),
    ...(idempotent === undefined ? {} : { idempotent }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...transport(call.account),
  };
  const first = await request<unknown>(call, { ...options, ok: [400, 500] });
  if (first.status < 400) return dataOf<T>(call, options, first);
  const said = wordsOf(first.body) ?? "";
  const meaning = meaningOf(first.status, said);
  const repeatable = idempotent ?? method !== "POST";
  if (meaning.code !== "CLOUD_UNAVAILABLE" || (!meaning.nothingDone && !repeatable)) {
    const text = `refused ${method} ${path} (${first.status})${said ? `: ${said}` : ""}`;
    const at = { status: first.status, ...(meaning.taken ? { taken: true } : {}) };
    throw failure(call, options, meaning.code, text, at);
  }
  // It may pass: asked again with the waits that every cloud gets.
  const busy = (status: number, body: unknown) => meaningOf(status, wordsOf(body) ?? "").nothingDone === true;
  return dataOf<T>(call, options, await request<unknown>(call, { ...options, busy, attempts: 4 }));
}

interface Meaning {
  code: FleetErrorCode;
  /** The API said so before it began. */
  nothingDone?: boolean;
  /** A VM id is in use already. */
  taken?: boolean;
}

/** What an error of the API, or of one of its tasks, means. */
export function meaningOf(status: number, said: string): Meaning {
  if (/^Configuration file 'nodes\/[^']+' does not exist/.test(said)) return { code: "NOT_FOUND", nothingDone: true };
  if (/config file already exists|already exists on node/.test(said)) {
    return { code: "CLOUD_REFUSED", taken: true };
  }
  if (BUSY.test(said)) return { code: "CLOUD_UNAVAILABLE", nothingDone: true };
  if (status === 400 || REFUSED.test(said)) return { code: "CLOUD_REFUSED" };
  return { code: "CLOUD_UNAVAILABLE" };
}

const BUSY = /VM is locked \(|can't lock file .* got timeout|got lock request timeout|cluster not ready - no quorum/;
const REFUSED =
  /not running|already running|is running - destroy failed|protection mode enabled|shrinking disks|not supported|not allowed|does not exist|does not support|it's a template|No QEMU guest agent|is paused|too large|checksum mismatch|validation error|vcpus allowed|can't clone|unable to parse|can't resize|detected modified configuration|no rule at position/;

function dataOf<T>(call: Call, options: RequestOptions, answer: Answer<unknown>): T {
  const { body } = answer;
  if (typeof body === "object" && body !== null && "data" in body) return body.data as T;
  const message = `answered ${options.method} ${options.path} without data`;
  throw failure(call, options, "CLOUD_ANSWER_INVALID", message, { status: answer.status });
}

function flags(form: NonNullable<PveRequest["form"]>): Record<string, string | number | undefined> {
  return Object.fromEntries(
    Object.entries(form).map(([name, value]) => [name, typeof value === "boolean" ? Number(value) : value]),
  );
}

/** Whether a request was refused because its VM id is in use; another id may do. */
export function isVmidTaken(error: unknown): boolean {
  return error instanceof FleetError && error.at.taken === true;
}
