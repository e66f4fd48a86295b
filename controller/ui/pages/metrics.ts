import { html } from "hono/html";
import type { MetricWindow, Series } from "../../../resources/insight.ts";
import { WINDOWS } from "../../../resources/insight.ts";
import type { Metrics } from "../../api/fleet/insight.ts";
import { cloudOf } from "../../reconcile/context.ts";
import { areaChart } from "../parts/areas.ts";
import { legend } from "../parts/bars.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { table } from "../parts/table.ts";
import { empty } from "../parts/words.ts";
import { serverOf } from "../reads/server.ts";
import type { Page, Visit } from "../visit.ts";
import { cloudTitle } from "./fleet.ts";

type Server = Awaited<ReturnType<typeof serverOf>>;

/** Figures that one chart shows above each other. */
const CHARTS: readonly { id: string; title: string; metrics: Partial<Record<Series["metric"], string>> }[] = [
  { id: "cpu", title: "Processors", metrics: { cpu: "used" } },
  { id: "network", title: "Network", metrics: { "network-in": "in", "network-out": "out" } },
  { id: "disk", title: "Disk", metrics: { disk: "read and written", "disk-read": "read", "disk-write": "written" } },
];

const SPANS: Readonly<Record<MetricWindow, string>> = {
  hour: "an hour",
  day: "a day",
  week: "a week",
  month: "a month",
};

/** `/ui/servers/NAME/metrics`: what the cloud has measured. */
export async function metricsPage(visit: Visit): Promise<Page> {
  const server = await serverOf(visit, visit.c.req.param("name") ?? "");
  const { controller, memory } = visit.parts;
  const looking = { controller, view: await visit.view(), records: await memory.records() };
  const metrics = await memory.metrics.read(looking, server, windowOf(visit.c.req.query("window")));
  return {
    title: `Figures of ${server.name}`,
    place: "fleet",
    body: html`<div class="head"><h1>Figures of <a href="/ui/servers/${server.name}">${server.name}</a></h1></div>
${section(server, metrics)}`,
  };
}

/** On the page of a server: the figures come once it is shown, so that it waits for no cloud; without scripts a link leads to them. */
export function metricsPlace(visit: Visit, { name, spec }: Server): Markup {
  if (cloudOf(visit.parts.controller, spec.provider).metrics === undefined) return nothing;
  const at = `/ui/servers/${name}/metrics`;
  return html`<section class="card" id="metrics" hx-get="${at}" hx-trigger="load" hx-select="#metrics" hx-swap="outerHTML"><h2>Figures</h2>
<p><a href="${at}">What ${cloudTitle(spec.provider)} has measured</a></p></section>`;
}

const windowOf = (wanted: string | undefined): MetricWindow | undefined =>
  wanted !== undefined && Object.hasOwn(WINDOWS, wanted) ? (wanted as MetricWindow) : undefined;

function section({ name, spec }: Server, { window, windows, series }: Metrics): Markup {
  const shown = CHARTS.map((chart) => ({ ...chart, series: series.filter(({ metric }) => metric in chart.metrics) }));
  const choices = windows.map((one) =>
    one === window
      ? html`<b aria-current="true">${SPANS[one]}</b> `
      : html`<a href="/ui/servers/${name}/metrics?window=${one}">${SPANS[one]}</a> `,
  );
  return html`<section class="card" id="metrics"><h2>Figures</h2>
<p>As ${cloudTitle(spec.provider)} has measured them over ${windows.length === 1 ? SPANS[window] : choices}</p>
${series.length === 0 ? empty("Nothing is measured yet.") : nothing}
${shown.map((chart) => (chart.series.length === 0 ? nothing : figure(chart)))}
${
  series.length === 0
    ? nothing
    : table(
        "Figures",
        [
          { words: "What" },
          { words: "Now", isNumber: true },
          { words: "On average", isNumber: true },
          { words: "At most", isNumber: true },
        ],
        shown.flatMap(({ title, metrics, series }) =>
          series.map((one) => cells(`${title}, ${metrics[one.metric]}`, one)),
        ),
      )
}</section>`;
}

function cells(words: string, { unit, points }: Series): string[] {
  const values = points.map(({ value }) => value);
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return [words, ...[values.at(-1)!, mean, Math.max(...values)].map((amount) => told(amount, unit))];
}

function figure({ id, title, metrics, series }: (typeof CHARTS)[number] & { series: readonly Series[] }): Markup {
  const times = [...new Set(series.flatMap(({ points }) => points.map(({ at }) => at)))].sort();
  const { unit } = series[0]!;
  const rows = series.map(({ points }) => {
    const byTime = new Map(points.map(({ at, value }) => [at, value]));
    return times.map((at) => byTime.get(at) ?? 0);
  });
  const label =
    unit === "bytes-per-day"
      ? (at: string) => at.slice(0, 10)
      : (at: string) => `${at.slice(5, 10)} ${at.slice(11, 16)}`;
  return html`<figure><figcaption>${title}</figcaption>
${series.length > 1 ? legend(series.map(({ metric }) => metrics[metric]!)) : nothing}${areaChart({
  id: `metrics-${id}`,
  title,
  about: `From ${label(times[0]!)} to ${label(times.at(-1)!)} UTC. The table below has the figures.`,
  days: times.map(label),
  series: rows,
  tell: (amount) => told(amount, unit),
})}</figure>`;
}

const STEPS = ["B", "kB", "MB", "GB", "TB"] as const;

/** `12.5 %`, `1.2 MB/s`. */
function told(amount: number, unit: Series["unit"]): string {
  if (unit === "percent") return `${amount.toFixed(1)} %`;
  if (unit === "blocks-per-second") return `${amount.toFixed(1)} blocks/s`;
  const step = amount < 1 ? 0 : Math.min(STEPS.length - 1, Math.floor(Math.log10(amount) / 3));
  const words = `${(amount / 1000 ** step).toFixed(step === 0 ? 0 : 1)} ${STEPS[step]}`;
  return unit === "bytes-per-day" ? `${words} a day` : `${words}/s`;
}
