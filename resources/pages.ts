/** One page of a list, as the cloud answered. */
export interface Page<T> {
  items: T[];
  /** Items of the whole list, as this page says. */
  total: number;
}

export interface PagesOptions<T> {
  read(page: number): Promise<Page<T>>;
  idOf(item: T): string;
  pageSize: number;
  /** The error for a list that never agreed with itself. */
  invalid(reason: string): Error;
  /** Whole readings before giving up. Default 4. */
  attempts?: number;
  /** Pages asked for at the same time. Default 4. */
  parallel?: number;
}

/**
 * A whole list, by pages. A list that changes while it is read shifts items from page to page, and a faulty cloud leaves some out; so every page
 * must promise the same total and that many different items must come, or the list is read again. A short list is never taken for the truth.
 */
export async function readPages<T>(options: PagesOptions<T>): Promise<T[]> {
  const attempts = options.attempts ?? 4;
  let reason = "";
  for (let attempt = 1; attempt <= attempts; attempt++) {
    const first = await options.read(1);
    const pages = [first];
    const last = Math.ceil(first.total / options.pageSize);
    for (let next = 2; next <= last; next += options.parallel ?? 4) {
      const until = Math.min(last, next + (options.parallel ?? 4) - 1);
      const numbers = Array.from({ length: until - next + 1 }, (_, offset) => next + offset);
      pages.push(...(await Promise.all(numbers.map((page) => options.read(page)))));
    }
    const items = new Map(pages.flatMap((page) => page.items.map((item) => [options.idOf(item), item] as const)));
    const totals = new Set(pages.map((page) => page.total));
    if (totals.size === 1 && items.size === first.total) return [...items.values()];
    reason =
      totals.size === 1 ? `it promised ${first.total} items and held ${items.size}` : "it changed while it was read";
  }
  throw options.invalid(`the list cannot be trusted: ${reason}, ${attempts} times`);
}
