import { html } from "hono/html";

/** Text of a page in which everything that comes from elsewhere is escaped. */
export type Markup = ReturnType<typeof html>;

export const nothing: Markup = html``;
