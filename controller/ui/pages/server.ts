import { html } from "hono/html";
import type { PowerAction } from "../../../resources/cloud.ts";
import { cloudOf } from "../../reconcile/context.ts";
import { withCounters } from "../../reconcile/counters.ts";
import type { FileEdit } from "../../repo/edits.ts";
import { counted } from "../../words/text.ts";
import { notThere } from "../gate.ts";
import { tokenField } from "../layout.ts";
import { changeLine } from "../parts/changes.ts";
import { fieldDiffs } from "../parts/fields.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { table } from "../parts/table.ts";
import { ago, badge, empty, facts, money, shortCommit, value } from "../parts/words.ts";
import { type Beside, readServer, serverOf } from "../reads/server.ts";
import { syncWord } from "../reads/servers.ts";
import { may, type Page, type Visit } from "../visit.ts";
import { consoleForm } from "./console.ts";
import { cloudTitle, SYNC_TONES, stateBadge } from "./fleet.ts";
import { metricsPlace } from "./metrics.ts";
import { openChange } from "./open.ts";

type Server = Awaited<ReturnType<typeof serverOf>>;
type Read = Awaited<ReturnType<typeof readServer>>;

/** `/ui/servers/NAME` */
export async function serverPage(visit: Visit): Promise<Page> {
  const object = await serverOf(visit, visit.c.req.param("name") ?? "");
  const read = await readServer(visit, object);
  const { spec, cost, price } = object;
  const { state, seen, history, open } = read;
  const now = visit.parts.controller.now();
  const sync = syncWord(state.sync, {
    isMade: state.recorded !== undefined,
    isMaking: state.recorded?.provisioningSince !== undefined,
    isSuspended: spec.suspend !== undefined,
  });
  return {
    title: spec.name,
    place: "fleet",
    body: html`<div class="head"><h1>${spec.name}</h1> ${stateBadge(seen, spec)} ${badge(SYNC_TONES[sync], sync)}</div>
${spec.suspend === undefined ? nothing : html`<p class="notice">Its changes are held: ${spec.suspend.reason}</p>`}
<section class="card">${facts([
      ["Account", html`${spec.account} <small>${cloudTitle(spec.provider)}</small>`],
      ["Owner", spec.owner],
      ["Costs a month", money(cost)],
      ["Sold for", spec.plan === undefined ? undefined : `${money(price)} (plan ${spec.plan})`],
      ["Addresses", seen && [...seen.actual.ipv4, ...seen.actual.ipv6].join(", ")],
      ["Id at the cloud", state.recorded?.id],
      ["Stack", state.recorded?.stack],
      ["Expires", spec.expires],
      ["Last seen", seen && ago(seen.lastSeen, now)],
    ])}
${powerForms(visit, object)}${consoleForm(visit, object)}</section>
${
  open.length === 0
    ? nothing
    : html`<section class="card"><h2>Open changes</h2><ul class="plain">${open.map((change) => html`<li>${changeLine(change, now)}</li>`)}</ul></section>`
}
<section class="card"><h2>Desired and actual</h2>${besideTable(read)}
${state.drift.length === 0 ? nothing : driftList(state.drift, now)}</section>
${metricsPlace(visit, object)}
<section class="card"><h2>History</h2>${history.length === 0 ? empty("Its file has no history.") : history.map((entry) => version(entry, now))}
<p><small>${object.file.path}</small></p></section>`,
  };
}

function besideTable({ fields, seen }: Read): Markup {
  const cells = ({ field, desired, actual, isDrifted }: Beside) => [
    field,
    value(desired),
    html`${seen === undefined ? "not read yet" : actual === undefined ? "not told" : value(actual)}${isDrifted ? html` ${badge("warn", "drift")}` : nothing}`,
  ];
  return table(
    "Desired and actual",
    [{ words: "Field" }, { words: "Desired" }, { words: "Actual" }],
    fields.map(cells),
  );
}

const driftList = (drift: Read["state"]["drift"], now: number): Markup =>
  html`<h3>Drift</h3><ul class="fields">${drift.map(
    ({ field, desired, actual, since, wanted }) =>
      html`<li><code>${field}</code> ${
        field === "gone"
          ? "the machine is gone from the cloud"
          : html`is <strong>${value(actual)}</strong>, wanted <ins>${value(desired)}</ins>`
      } <small>since ${ago(since, now)}${wanted === undefined ? nothing : html`, wanted by ${wanted.name} in ${shortCommit(wanted.commit)}`}</small></li>`,
  )}</ul>`;

const version = ({ commit, at, author, subject, changes }: Read["history"][number], now: number): Markup =>
  html`<details class="version"><summary>${subject} <small>${author.name}, ${ago(at, now)}, ${shortCommit(commit)}</small>
<small class="count">${counted(changes.length, "field")}</small></summary>
${changes.length === 0 ? empty("No field differs: it was moved or reformatted.") : fieldDiffs(changes)}</details>`;

/** What can be asked of its power, and the edit that asks for it. */
const POWER = {
  start: { words: "Start", action: "start", isFor: ({ spec }: Server) => spec.power !== "running" },
  stop: { words: "Stop", action: "stop", isFor: ({ spec }: Server) => spec.power === "running" },
  reboot: { words: "Reboot", action: "reboot", isFor: ({ spec }: Server) => spec.power === "running" },
  reset: { words: "Reset", action: "reset", isFor: ({ spec }: Server) => spec.power === "running" },
} as const satisfies Record<string, { words: string; action: PowerAction; isFor(server: Server): boolean }>;
type Power = keyof typeof POWER;

function offered(visit: Visit, server: Server): Power[] {
  const { capabilities } = cloudOf(visit.parts.controller, server.spec.provider);
  return (Object.keys(POWER) as Power[]).filter(
    (power) => capabilities.power.includes(POWER[power].action) && POWER[power].isFor(server),
  );
}

function powerForms(visit: Visit, server: Server): Markup {
  const powers = may(visit, "requester") ? offered(visit, server) : [];
  if (powers.length === 0) return nothing;
  return html`<form class="actions" method="post" action="/ui/servers/${server.name}/power">${tokenField(visit.token)}
${powers.map((power) => html`<button name="power" value="${power}">${POWER[power].words}</button>`)}
<small>Each opens a change.</small></form>`;
}

/** `POST /ui/servers/NAME/power` opens a change. */
export async function askPower(visit: Visit): Promise<Response> {
  const server = await serverOf(visit, visit.c.req.param("name") ?? "");
  const power = visit.form.get("power") as Power;
  if (!offered(visit, server).includes(power)) throw notThere("such thing to be asked of its power now");
  const edits = [await powerEdit(visit, server, power)];
  return await openChange(visit, { title: `${POWER[power].words} ${server.name}`, edits });
}

/** Counters begin above what was ever done: lower ones do nothing. */
async function powerEdit(visit: Visit, { name, spec }: Server, power: Power): Promise<FileEdit> {
  if (power === "start" || power === "stop")
    return { kind: "Server", name, set: ["power"], value: power === "start" ? "running" : "stopped" };
  const { desired } = await visit.view();
  const account = desired.accounts.get(spec.account)?.identity ?? spec.account;
  const applied = await visit.parts.controller.store.object(account, "Server", name);
  const counters = withCounters(spec, applied?.document).restarts;
  return { kind: "Server", name, set: ["restarts", power], value: counters[power] + 1 };
}
