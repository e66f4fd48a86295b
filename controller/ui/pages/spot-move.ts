import { html } from "hono/html";
import { FleetError } from "../../../resources/errors.ts";
import type { SpotApi } from "../../api/spot/api.ts";
import { moveEdits } from "../../api/spot/move-edits.ts";
import { commandsOfMove, movable } from "../../api/spot/moves.ts";
import { type Move, placeOf, validationOf } from "../../api/spot/place.ts";
import { recommend } from "../../api/spot/recommend.ts";
import type { SpotAggregate } from "../../api/spot/world.ts";
import { isAboutAll } from "../../people/principal.ts";
import { notThere } from "../gate.ts";
import { tokenField } from "../layout.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { badge } from "../parts/words.ts";
import { asFleetError } from "../refused.ts";
import type { Page, Visit } from "../visit.ts";
import { openChange } from "./open.ts";

/** A host that somebody has chosen, and perhaps where it is to go. */
export interface Proposed {
  host: string;
  source: string;
  target?: string;
}

/** Hosts belong to nobody in particular. @throws {FleetError} NOT_FOUND where there is no spot manager, or for who is not about all of the fleet */
export function spotOf({ parts: { spot }, who }: Visit): SpotApi {
  if (spot?.isOn() !== true || !isAboutAll(who)) throw notThere("page for GPU hosts");
  return spot.api;
}

const MOST_CHARS = 255;

export function proposedIn(query: URLSearchParams): Proposed | undefined {
  const of = (name: string) => query.get(name)?.slice(0, MOST_CHARS) ?? "";
  const [host, source, target] = [of("host"), of("source"), of("target")];
  if (host === "" || source === "") return undefined;
  return { host, source, ...(target !== "" && { target }) };
}

/** Where to, and what it would do; made on the server, so that it works without scripts. */
export async function movePanel(
  visit: Visit,
  api: SpotApi,
  proposed: Proposed & { type: string },
  own: readonly SpotAggregate[],
): Promise<Markup> {
  const { host, source, target, type } = proposed;
  const advice = await recommend(api, { hostname: host, gpu_type: type }, visit.signal).catch(asFleetError);
  const chosen = target ?? advice.recommended_aggregate;
  return html`<aside class="card move" id="move" aria-labelledby="move-title"><h2 id="move-title">Move ${host}</h2>
<p>From ${source}. ${advice.reasoning}.</p>
<form method="get" action="/ui/spot#move">${hidden({ type, host, source })}
<label>To <select name="target">${own
    .filter(({ name }) => name !== source)
    .map(({ name }) => html`<option${name === chosen ? html` selected` : nothing}>${name}</option>`)}</select></label>
<p class="actions"><button>Preview</button></p></form>
${target === undefined ? nothing : await preview(visit, api, { host, source, target }, type)}</aside>`;
}

async function preview(visit: Visit, api: SpotApi, move: Move, type: string): Promise<Markup> {
  const place = await placeOf(api, move, visit.signal);
  const validation = Object.entries(validationOf(place, move));
  const isRight = validation.every(([, value]) => value);
  const notes = isRight ? await notesOf(visit, api, move) : [];
  return html`<h3>What would run</h3><ol class="commands">${commandsOfMove(move).map((one) => html`<li><code>${one}</code></li>`)}</ol>
<ul class="plain">${validation.map(([name, value]) => html`<li>${badge(value ? "good" : "bad", `${name.replaceAll("_", " ")}: ${value ? "yes" : "no"}`)}</li>`)}${notes.map((note) => html`<li>${note}</li>`)}</ul>
${isRight ? html`<form method="post" action="/ui/spot/move">${tokenField(visit.token)}${hidden({ type, ...move })}<p class="actions"><button class="main">Open the change</button></p></form>` : nothing}`;
}

/** What becomes of the machines on it. */
async function notesOf(visit: Visit, api: SpotApi, move: Move): Promise<string[]> {
  const opening = await openingOf(api, move, visit.signal);
  const { effects } = await visit.parts.service.changes.rehearse({ ...opening, by: visit.who }, visit.signal);
  return effects.find(({ object }) => object.kind === "AggregateHost")?.notes ?? [];
}

/** `POST /ui/spot/move` opens the change. */
export async function askMove(visit: Visit): Promise<Page | Response> {
  const api = spotOf(visit);
  const { host, source, target } = proposedIn(visit.form) ?? {};
  if (host === undefined || source === undefined || target === undefined)
    throw new FleetError("USAGE", "a host, where it is and where it is to go are needed", {});
  return await openChange(visit, await openingOf(api, { host, source, target }, visit.signal));
}

async function openingOf(api: SpotApi, move: Move, signal: AbortSignal) {
  try {
    const place = movable(move, await placeOf(api, move, signal));
    return {
      title: `Move ${move.host} from ${move.source} to ${move.target}`,
      edits: await moveEdits(api, move, place),
    };
  } catch (error) {
    throw asFleetError(error);
  }
}

const hidden = (values: Readonly<Record<string, string>>): Markup[] =>
  Object.entries(values).map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`);
