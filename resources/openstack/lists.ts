import type { Call } from "../cloud.ts";
import { FleetError } from "../errors.ts";
import { invalidAnswer, openstack } from "./http.ts";
import type { Service } from "./services.ts";

/** What a service gives on one page at most unless its operator chose otherwise; a shorter page is no matter. */
export const PAGE_SIZE = 1000;

export interface ListOptions<T> {
  service: Service;
  /** `/servers/detail` */
  path: string;
  /** The list's name in the answer: `servers`. */
  key: string;
  query?: Record<string, string | number | boolean | undefined>;
  isItem(item: unknown): item is T;
  /** Told the headers of each page. */
  heard?(headers: Headers): void;
}

type PageBody = Record<string, unknown> | null;

/**
 * A whole list, page by page. Of the link to the next page only the marker is taken, never the address.
 * @throws {FleetError} CLOUD_ANSWER_INVALID
 */
export async function listAll<T extends { id: string }>(call: Call, options: ListOptions<T>): Promise<T[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await readAll(call, options);
    } catch (error) {
      // What the next page begins after was deleted meanwhile; the list is read from its beginning.
      const lost = error instanceof FleetError && error.code === "CLOUD_REFUSED" && /marker/i.test(error.message);
      if (!lost || attempt >= 4) throw error;
    }
  }
}

async function readAll<T extends { id: string }>(call: Call, options: ListOptions<T>): Promise<T[]> {
  const { service, path, key, query, isItem } = options;
  const items = new Map<string, T>();
  for (let marker: string | undefined; ; ) {
    const { body, headers } = await openstack<PageBody>(call, service, {
      method: "GET",
      path,
      query: { ...query, limit: PAGE_SIZE, marker },
    });
    options.heard?.(headers);
    const page = body?.[key];
    if (!Array.isArray(page)) throw invalidAnswer(call, "GET", path, `it has no list of ${key}`);
    if (!page.every(isItem)) throw invalidAnswer(call, "GET", path, `it is no list of ${key}`);
    for (const item of page) items.set(item.id, item);
    const next = nextMarker(body, key);
    if (next === undefined) return [...items.values()];
    if (next === marker) throw invalidAnswer(call, "GET", path, "its next page is the same page");
    marker = next;
  }
}

/** Nova and Neutron have `KEY_links`, Glance has `next`. */
function nextMarker(body: PageBody, key: string): string | undefined {
  const links = body?.[`${key}_links`];
  const next = Array.isArray(links) ? links.find((link) => link?.rel === "next")?.href : body?.next;
  if (typeof next !== "string") return undefined;
  return new URL(next, "http://placeholder").searchParams.get("marker") ?? undefined;
}
