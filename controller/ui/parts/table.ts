import { html } from "hono/html";
import { type Markup, nothing } from "./markup.ts";

export interface Column {
  words: string;
  /** Figures stand to the right. */
  isNumber?: true;
}

/** On a narrow screen each row is a card, whose cells are named by their columns. The first cell names the row. */
export function table(
  name: string,
  columns: readonly Column[],
  rows: readonly (readonly (Markup | string)[])[],
): Markup {
  const of = (index: number) => (columns[index]!.isNumber ? html` class="number"` : nothing);
  return html`<table class="rows"><caption class="unseen">${name}</caption>
<thead><tr>${columns.map(({ words }, index) => html`<th scope="col"${of(index)}>${words}</th>`)}</tr></thead>
<tbody>${rows.map(
    (cells) =>
      html`<tr>${cells.map((cell, index) =>
        index === 0
          ? html`<th scope="row">${cell}</th>`
          : html`<td data-column="${columns[index]!.words}"${of(index)}>${cell}</td>`,
      )}</tr>\n`,
  )}</tbody></table>`;
}
