import { html } from "hono/html";
import { type Markup, nothing } from "./markup.ts";

export interface Paged<T> {
  items: readonly T[];
  /** From 1. */
  page: number;
  pages: number;
  total: number;
}

/** A page that is not there any more is the last one. */
export function paged<T>(all: readonly T[], asked: string | undefined, size: number): Paged<T> {
  const pages = Math.max(1, Math.ceil(all.length / size));
  const page = Math.min(pages, Math.max(1, Math.trunc(Number(asked)) || 1));
  return { items: all.slice((page - 1) * size, page * size), page, pages, total: all.length };
}

/** @param query of the page that is shown */
export function pager({ page, pages }: Paged<unknown>, path: string, query: URLSearchParams): Markup {
  if (pages === 1) return nothing;
  const to = (number: number): string => {
    const next = new URLSearchParams(query);
    next.set("page", String(number));
    return `${path}?${next}`;
  };
  return html`<nav class="pager" aria-label="Pages">
${page > 1 ? html`<a href="${to(page - 1)}" rel="prev">← Before</a>` : html`<span></span>`}
<span>Page ${page} of ${pages}</span>
${page < pages ? html`<a href="${to(page + 1)}" rel="next">Next →</a>` : html`<span></span>`}
</nav>`;
}
