import type { IncomingHttpHeaders } from "node:http";
import type { GatewayProfile } from "../../resources/gateway-profile.ts";

/** An answer that is held in memory, because something must be read from it. */
export interface Answer {
  status: number;
  headers: Record<string, string | string[]>;
  body: Buffer;
}

const HOP_BY_HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

/** Headers that belong to the message, without those of the one connection it came over. */
export function endToEnd(headers: IncomingHttpHeaders): Record<string, string | string[]> {
  const named = (headers.connection ?? "").split(",").map((name) => name.trim().toLowerCase());
  const kept: Record<string, string | string[]> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined && !HOP_BY_HOP.has(name) && !named.includes(name)) kept[name] = value;
  }
  return kept;
}

/**
 * An error of the gateway's own, in a body that the plugins of all clouds can read: `errors[].reason` (Linode) and `id`, `message`
 * (DigitalOcean), or as the cloud's profile has it. The plugin shows the text as the cloud's.
 */
export function problem(
  status: number,
  id: string,
  message: string,
  { problem: own }: Pick<GatewayProfile, "problem"> = {},
): Answer {
  const said = own?.(status, id, message);
  if (said) return text(status, said.body, said.contentType);
  return json(status, { errors: [{ reason: message }], id, message });
}

export function json(status: number, body: unknown): Answer {
  return text(status, JSON.stringify(body), "application/json");
}

export function text(status: number, body: string, contentType: string): Answer {
  const bytes = Buffer.from(body);
  return { status, headers: { "content-type": contentType, "content-length": String(bytes.length) }, body: bytes };
}

/** The JSON in an answer or a request; undefined when there is none. */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return undefined;
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}

/** JSON, or the fields of a form; undefined when it is neither. */
export function parseBody({
  headers,
  body,
}: {
  headers: Readonly<Record<string, string | string[]>>;
  body: Buffer;
}): unknown {
  if (!/^application\/x-www-form-urlencoded\b/.test(String(headers["content-type"] ?? ""))) return parseJson(body);
  return Object.fromEntries(new URLSearchParams(body.toString("utf8")));
}

/** Seconds or a date in `Retry-After`, as milliseconds from `now`. */
export function retryAfterMs(headers: Record<string, string | string[]>, now: number): number | undefined {
  const value = [headers["retry-after"]].flat()[0];
  if (value === undefined) return undefined;
  const seconds = Number(value);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const date = Date.parse(value);
  return Number.isNaN(date) ? undefined : Math.max(0, date - now);
}
