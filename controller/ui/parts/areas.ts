import { html } from "hono/html";
import { SERIES } from "./bars.ts";
import type { Markup } from "./markup.ts";

export interface AreaChart {
  /** Of its own on the page. */
  id: string;
  title: string;
  about: string;
  /** In their order; each has the same width. */
  days: readonly string[];
  /** From the ground up, one amount a day. */
  series: readonly (readonly number[])[];
  tell(amount: number): string;
}

const HEIGHT = 260;
const TOP = 24;
const BOTTOM = 24;
/** Units of the plot, whose shapes are stretched to the width of the screen; its lines and texts are not. */
const WIDE = 10_000;
const HIGH = 1_000;
const LINES = 4;

/** Amounts above each other, day by day as steps, and a line for their sum. What it shows stands in a table too. */
export function areaChart({ id, title, about, days, series, tell }: AreaChart): Markup {
  const sums = days.map((_, day) => series.reduce((sum, amounts) => sum + (amounts[day] ?? 0), 0));
  const most = roundUp(Math.max(...sums, 1));
  const plotted = HEIGHT - TOP - BOTTOM;
  const heights = Array.from({ length: LINES + 1 }, (_, index) => ({
    y: TOP + plotted * (1 - index / LINES),
    amount: (most * index) / LINES,
  }));
  let ground = days.map(() => 0);
  const areas = series.map((amounts, index) => {
    const below = ground;
    ground = below.map((amount, day) => amount + (amounts[day] ?? 0));
    return html`<path class="series-${index % SERIES}" d="${outline(ground, below, most)}"/>`;
  });
  return html`<svg class="chart" role="img" aria-labelledby="${id}-title ${id}-about" width="100%" height="${HEIGHT}">
<title id="${id}-title">${title}</title><desc id="${id}-about">${about}</desc>
${heights.slice(1).map(({ y }) => html`<line class="grid-line" x1="0" x2="100%" y1="${y}" y2="${y}"/>`)}
<svg x="0" y="${TOP}" width="100%" height="${plotted}" viewBox="0 0 ${WIDE} ${HIGH}" preserveAspectRatio="none">${areas}<path class="sum" d="${steps(sums, most)}"/></svg>
${heights.slice(1).map(({ y, amount }) => html`<text class="soft" x="0" y="${y - 4}">${tell(amount)}</text>`)}
${[0, Math.floor(days.length / 2), days.length - 1]
  .filter((day, index, all) => all.indexOf(day) === index)
  .map((day, index, all) => {
    const [x, anchor] = index === 0 ? ["0", "start"] : index === all.length - 1 ? ["100%", "end"] : ["50%", "middle"];
    return html`<text class="soft" x="${x}" y="${HEIGHT - 6}" text-anchor="${anchor}">${days[day]}</text>`;
  })}
${days.map(
  (day, index) =>
    html`<rect class="day" x="${percent(index / days.length)}" y="${TOP}" width="${percent(1 / days.length)}" height="${plotted}"><title>${day}: ${tell(sums[index]!)}</title></rect>`,
)}</svg>`;
}

const percent = (share: number): string => `${(share * 100).toFixed(3)}%`;

/** 1, 2 or 5 with noughts behind it, so that the lines stand at round amounts. Pure. */
export function roundUp(amount: number): number {
  const unit = 10 ** Math.floor(Math.log10(amount));
  return unit * ([1, 2, 4, 5, 10].find((step) => step * unit >= amount) ?? 10);
}

const place = (amount: number, most: number): number => Math.round(HIGH * (1 - amount / most));

/** Along the tops of the days, from left to right. */
function steps(amounts: readonly number[], most: number): string {
  const wide = WIDE / amounts.length;
  return amounts
    .map((amount, day) => {
      const y = place(amount, most);
      return `${day === 0 ? "M" : "L"}${Math.round(day * wide)} ${y}H${Math.round((day + 1) * wide)}`;
    })
    .join("");
}

function outline(tops: readonly number[], grounds: readonly number[], most: number): string {
  const wide = WIDE / tops.length;
  const back = [...grounds.keys()]
    .reverse()
    .map((day) => `L${Math.round((day + 1) * wide)} ${place(grounds[day]!, most)}H${Math.round(day * wide)}`);
  return `${steps(tops, most)}${back.join("")}Z`;
}
