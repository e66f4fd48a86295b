import { html } from "hono/html";
import type { Markup } from "./markup.ts";

export interface Bar {
  words: string;
  amount: number;
  /** The amount as it is told. */
  told: string;
  /** From 0: bars of one kind have one colour. */
  series: number;
}

/** Colours that the style sheet has; of more kinds some share one. */
export const SERIES = 8;

const ROW = 40;
const THICK = 12;

/**
 * Bars below each other, each under its words. Lengths are shares of the width, so that texts keep their size on any screen. What it shows stands in a
 * table too.
 * @param id of its own on the page
 */
export function barChart(id: string, title: string, about: string, bars: readonly Bar[]): Markup {
  const most = Math.max(...bars.map(({ amount }) => amount), 1);
  return html`<svg class="chart" role="img" aria-labelledby="${id}-title ${id}-about" width="100%" height="${bars.length * ROW}">
<title id="${id}-title">${title}</title><desc id="${id}-about">${about}</desc>
${bars.map((bar, index) => {
  const top = index * ROW;
  const share = ((bar.amount / most) * 100).toFixed(2);
  return html`<text x="0" y="${top + 15}">${bar.words}</text><text x="100%" y="${top + 15}" text-anchor="end">${bar.told}</text>
<rect class="track" x="0" y="${top + 21}" width="100%" height="${THICK}" rx="3"/><rect class="series-${bar.series % SERIES}" x="0" y="${top + 21}" width="${share}%" height="${THICK}" rx="3"/>
`;
})}</svg>`;
}

/** What the colours mean. */
export const legend = (names: readonly string[]): Markup =>
  html`<ul class="legend">${names.map(
    (name, index) => html`<li><span class="swatch series-${index % SERIES}" aria-hidden="true"></span>${name}</li>`,
  )}</ul>`;
