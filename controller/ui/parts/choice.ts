import { html } from "hono/html";
import { type Markup, nothing } from "./markup.ts";
import type { Choice } from "./schema-form.ts";

/** One of several in a form that searches; what was chosen stays on offer where it is none of these. */
export function choice(
  name: string,
  words: string,
  choices: readonly (string | Choice)[],
  chosen: string | undefined,
  none = "all",
): Markup {
  if (choices.length === 0) return nothing;
  const offered = choices.map((one): Choice => (typeof one === "string" ? { value: one, words: one } : one));
  const isThere = !chosen || offered.some(({ value }) => value === chosen);
  const given = isThere ? offered : [{ value: chosen, words: chosen }, ...offered];
  return html`<label><span>${words}</span><select name="${name}"><option value="">${none}</option>${given.map(
    (one) =>
      html`<option value="${one.value}"${one.value === chosen ? html` selected` : nothing}>${one.words}</option>`,
  )}</select></label>`;
}
