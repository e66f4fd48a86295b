import type { HttpBindings } from "@hono/node-server";
import { RESPONSE_ALREADY_SENT } from "@hono/node-server/utils/response";

/** Ends the connection without a further byte, as a broken network does. */
export function drop(env: HttpBindings): Response {
  env.incoming.socket.destroy();
  return RESPONSE_ALREADY_SENT;
}

/** Sends the head with the length of the whole body, half of the body, and ends the connection. */
export async function truncate(response: Response, env: HttpBindings): Promise<Response> {
  const body = Buffer.from(await response.arrayBuffer());
  const { outgoing } = env;
  if (outgoing.destroyed) return RESPONSE_ALREADY_SENT;
  outgoing.writeHead(response.status, {
    ...Object.fromEntries(response.headers),
    "content-length": String(body.length),
  });
  await new Promise<void>((resolve) => {
    outgoing.once("close", resolve);
    // Destroying at once would lose the half that is still in the process.
    outgoing.write(body.subarray(0, Math.floor(body.length / 2)), () => env.incoming.socket.destroySoon());
  });
  return RESPONSE_ALREADY_SENT;
}

/** The items of a list answer: the body itself, its `data`, or the array that stands beside `meta` or `count`. */
function itemsOf(body: unknown): unknown[] | undefined {
  if (Array.isArray(body)) return body;
  if (typeof body !== "object" || body === null) return undefined;
  const record = body as Record<string, unknown>;
  if (Array.isArray(record.data)) return record.data;
  if (!("meta" in record) && !("count" in record)) return undefined;
  return Object.values(record).find((value) => Array.isArray(value)) as unknown[] | undefined;
}

function hasId(item: unknown, id: string): boolean {
  if (typeof item !== "object" || item === null) return String(item) === id;
  const { id: own, vmid, name } = item as { id?: unknown; vmid?: unknown; name?: unknown };
  return [own, vmid, name].some((value) => value !== undefined && String(value) === id);
}

/** The list answer without the item of this id, or without its first; undefined when there is nothing to leave out. */
export async function omit(response: Response, id: string | undefined): Promise<Response | undefined> {
  const text = await response.clone().text();
  if (!text || !response.headers.get("content-type")?.includes("json")) return undefined;
  const body: unknown = JSON.parse(text);
  const items = itemsOf(body);
  const position = items ? (id === undefined ? 0 : items.findIndex((item) => hasId(item, id))) : -1;
  if (!items || position < 0 || items.length === 0) return undefined;
  items.splice(position, 1);
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return new Response(JSON.stringify(body), { status: response.status, headers });
}

/** 200 with no body, whatever the answer was. */
export function empty(response: Response): Response {
  const headers = new Headers(response.headers);
  headers.delete("content-length");
  return new Response("", { status: 200, headers });
}
