/** What a query repeats is a list. */
export type Query = Readonly<Record<string, string[]>>;

/** An operator's defaults, which NetBox ships with. */
const PAGE = 50;
const MOST = 1000;
const PAGING = new Set(["limit", "offset", "ordering", "brief", "format"]);

/** Each filter given once or more lets through what has any of its values; one that NetBox does not know is passed over. */
export function filtered<T extends { id: number }>(
  all: readonly T[],
  query: Query,
  filters: Readonly<Record<string, (item: T) => string | undefined>>,
): { items: T[]; problem?: Record<string, string[]> } {
  const known: typeof filters = { id: ({ id }) => String(id), ...filters };
  let items = [...all];
  for (const [name, values] of Object.entries(query)) {
    const of = known[name];
    if (PAGING.has(name) || of === undefined) continue;
    if (name.endsWith("id") && !values.every((value) => /^\d+$/.test(value)))
      return { items: [], problem: { [name]: ["Enter a whole number."] } };
    items = items.filter((item) => values.includes(of(item) ?? ""));
  }
  return { items: items.sort((a, b) => a.id - b.id) };
}

/** `limit=0` is the most that there may be. */
export function page<T>(items: readonly T[], query: Query, url: string, view: (item: T) => object) {
  const wanted = Number(query.limit?.at(-1) ?? PAGE);
  const limit = !Number.isInteger(wanted) || wanted < 0 ? PAGE : Math.min(wanted || MOST, MOST);
  const offset = Math.max(0, Number(query.offset?.at(-1)) || 0);
  const at = (start: number) => {
    const link = new URL(url);
    link.searchParams.set("limit", String(limit));
    link.searchParams.set("offset", String(start));
    return link.toString();
  };
  return {
    count: items.length,
    next: offset + limit < items.length ? at(offset + limit) : null,
    previous: offset > 0 ? at(Math.max(0, offset - limit)) : null,
    results: items.slice(offset, offset + limit).map(view),
  };
}
