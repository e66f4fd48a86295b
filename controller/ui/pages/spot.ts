import { html } from "hono/html";
import { FleetError } from "../../../resources/errors.ts";
import type { SpotApi } from "../../api/spot/api.ts";
import { CLASSES, type SpotClass } from "../../api/spot/classes.ts";
import { readLog } from "../../api/spot/commands.ts";
import { type HostRow, readHosts } from "../../api/spot/hosts.ts";
import { summaryOf } from "../../api/spot/sums.ts";
import { readAggregates, type SpotAggregate } from "../../api/spot/world.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { table } from "../parts/table.ts";
import { ago, badge, empty, type Tone } from "../parts/words.ts";
import { may, type Page, type Visit } from "../visit.ts";
import { movePanel, type Proposed, proposedIn, spotOf } from "./spot-move.ts";

const TITLES: Readonly<Record<SpotClass, string>> = {
  ondemand: "On demand",
  spot: "Spot",
  runpod: "RunPod",
  contracts: "Contracts",
};
const TONES: Readonly<Record<string, Tone>> = { active: "good", disabled: "warn", down: "bad" };
const LOG_SHOWN = 20;

/** `/ui/spot?type=TYPE&host=…&source=…&target=…`: the hosts of a GPU type by class, and a move that is proposed. */
export async function spotPage(visit: Visit): Promise<Page> {
  const api = spotOf(visit);
  const query = new URL(visit.c.req.url).searchParams;
  const all = await readAggregates(api, visit.signal);
  const types = [...new Set(all.map(({ gpuType }) => gpuType))].sort();
  const type = types.find((one) => one === query.get("type")) ?? types[0];
  const own = all.filter(({ gpuType }) => gpuType === type);
  const hosts = await readHosts(api, own, visit.signal);
  const proposed = proposedIn(query);
  return {
    title: "GPU hosts",
    place: "spot",
    body: html`<div class="head"><h1>GPU hosts</h1></div>
${type === undefined ? empty("No account has aggregates of GPU hosts.") : board(visit, { type, types, own, hosts, proposed }, await panel(visit, api, proposed, type, own))}
${await commandLog(visit, api)}`,
  };
}

interface Board {
  type: string;
  types: readonly string[];
  own: readonly SpotAggregate[];
  hosts: ReadonlyMap<string, HostRow>;
  proposed: Proposed | undefined;
}

function board(visit: Visit, { type, types, own, hosts, proposed }: Board, beside: Markup): Markup {
  const mayMove = may(visit, "requester");
  return html`<nav class="tabs" aria-label="GPU type"><ul>${types.map(
    (one) =>
      html`<li><a href="/ui/spot?${new URLSearchParams({ type: one }).toString()}"${one === type ? html` aria-current="page"` : nothing}>${one}</a></li>`,
  )}</ul></nav>
<div class="board-and-move"><div class="board"${mayMove ? html` data-board="${type}"` : nothing}>${CLASSES.map(
    (one) => {
      const aggregates = own.filter((aggregate) => aggregate.class === one);
      const rows = [...new Set(aggregates.flatMap((aggregate) => aggregate.hosts))].flatMap(
        (name) => hosts.get(name) ?? [],
      );
      return html`<section class="column" aria-labelledby="class-${one}"><h2 id="class-${one}">${TITLES[one]}</h2>${use(TITLES[one], rows)}
${aggregates.length === 0 ? html`<p class="soft">No aggregate</p>` : aggregates.map((aggregate) => aggregateCard(aggregate, { type, hosts, proposed, mayMove }))}</section>`;
    },
  )}</div>
${beside}</div>`;
}

/** How much is used, in words too. */
function use(what: string, rows: readonly HostRow[]): Markup {
  const { gpu_used: used, gpu_capacity: capacity, gpu_usage_ratio, gpu_usage_percentage } = summaryOf(rows);
  return html`<p class="use"><meter min="0" max="${Math.max(1, capacity)}" value="${Math.min(used, Math.max(1, capacity))}" aria-label="GPUs in use: ${what}"></meter> <small>${gpu_usage_ratio} GPUs, ${gpu_usage_percentage} %</small></p>`;
}

interface Around extends Pick<Board, "type" | "hosts" | "proposed"> {
  mayMove: boolean;
}

function aggregateCard({ name, hosts: names, file }: SpotAggregate, around: Around): Markup {
  const rows = [...names].sort().flatMap((host) => around.hosts.get(host) ?? []);
  const isTarget = around.proposed?.target === name;
  return html`<section class="aggregate${isTarget ? " target" : ""}" data-aggregate="${name}" aria-label="${name}"><h3>${name} ${file === undefined ? html`<small>in no file</small>` : nothing}</h3>
${rows.length === 0 ? html`<p class="soft">No host</p>` : html`<ul class="hosts">${rows.map((row) => hostCard(row, name, around))}</ul>`}</section>`;
}

function hostCard(row: HostRow, source: string, { type, proposed, mayMove }: Around): Markup {
  const { hostname, status, vm_count: count, tenant, owner_group: group } = row;
  const isMoving = proposed?.host === hostname;
  const link = new URLSearchParams({ type, host: hostname, source });
  return html`<li class="host${isMoving ? " moving" : ""}"${mayMove ? html` draggable="true" data-host="${hostname}" data-source="${source}"` : nothing}>
<p><b>${hostname}</b> ${badge(TONES[status] ?? "idle", status)}</p>${use(hostname, [row])}
<p class="soft">${count === 1 ? "1 machine" : `${count} machines`}${tenant === "" ? nothing : html` · ${tenant}${group === "" ? nothing : ` (${group})`}`}</p>
${mayMove ? html`<p><a href="/ui/spot?${link.toString()}#move"${isMoving ? html` aria-current="true"` : nothing}>Move<span class="unseen"> ${hostname}</span></a></p>` : nothing}</li>`;
}

/** What the cloud or a file has against a move is told beside the board. */
async function panel(
  visit: Visit,
  api: SpotApi,
  proposed: Proposed | undefined,
  type: string,
  own: readonly SpotAggregate[],
): Promise<Markup> {
  if (proposed === undefined || !may(visit, "requester")) return nothing;
  try {
    return await movePanel(visit, api, { ...proposed, type }, own);
  } catch (error) {
    if (visit.signal.aborted || !(error instanceof FleetError)) throw error;
    return html`<aside class="card move" id="move"><h2>Move ${proposed.host}</h2><p class="notice bad" role="alert">${error.message}</p></aside>`;
  }
}

const COLUMNS = [
  { words: "Command" },
  { words: "State" },
  { words: "Took" },
  { words: "Who" },
  { words: "When" },
] as const;

async function commandLog({ parts }: Visit, api: SpotApi): Promise<Markup> {
  const rows = (await readLog(api)).slice(-LOG_SHOWN).reverse();
  const now = parts.controller.now();
  return html`<section><h2>Commands</h2>${
    rows.length === 0
      ? empty("None has run since the log was cleared.")
      : table(
          "Commands that have run, the last ones first",
          COLUMNS,
          rows.map(({ command, status, execution_time: took, user, timestamp }) => [
            html`<code>${command}</code>`,
            badge(status === "success" ? "good" : "bad", status),
            took,
            user,
            ago(timestamp, now),
          ]),
        )
  }</section>`;
}
