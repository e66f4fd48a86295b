import { createHash, randomBytes } from "node:crypto";
import { html } from "hono/html";
import { FleetError } from "../../../resources/errors.ts";
import { driftFor } from "../../api/fleet/reads/drift.ts";
import { acceptDrift, type Refused, revertDrift } from "../../changes/drift.ts";
import { canonicalJson } from "../../fleet/canonical.ts";
import { isAboutAll } from "../../people/principal.ts";
import { causeKey, type DriftCause } from "../../reconcile/causes.ts";
import { objectKey } from "../../reconcile/types.ts";
import { counted } from "../../words/text.ts";
import { tokenField } from "../layout.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { may, type Page, type Visit } from "../visit.ts";
import { openChange } from "./open.ts";

/** Names a cause in a form: another one has another name, also of another account. */
const nameOf = (cause: DriftCause): string =>
  createHash("sha256")
    .update(canonicalJson([cause.account, causeKey(cause.object, cause)]))
    .digest("base64url");

/** What servers share is of those who are about all of the fleet. */
const isTheirs = ({ who }: Visit, { object }: DriftCause): boolean => object === "Server" || isAboutAll(who);

/** Buttons that open a change of what a cause touches. */
export function causeActions(visit: Visit, cause: DriftCause): Markup {
  if (!may(visit, "requester") || !isTheirs(visit, cause)) return nothing;
  const what = html`<span class="unseen"> of ${cause.path} on ${counted(cause.names.length, cause.object.toLowerCase())}</span>`;
  return html`<div class="actions">${form(visit, cause, "revert", html`Revert${what}`)}${form(visit, cause, "accept", html`Accept${what}`)}
<small>Each opens a change: back to what the files say, or into the files.</small></div>`;
}

const form = (visit: Visit, cause: DriftCause, action: "revert" | "accept", words: Markup, more: Markup = nothing) =>
  html`<form method="post" action="/ui/drift/${action}">${tokenField(visit.token)}<input type="hidden" name="cause" value="${nameOf(cause)}"><input type="hidden" name="once" value="${randomBytes(16).toString("hex")}">${more}<button>${words}</button></form>`;

/** `POST /ui/drift/revert` */
export async function askRevert(visit: Visit): Promise<Response> {
  const { desired } = await visit.view();
  const cause = await causeOf(visit);
  const opening = revertDrift(desired, keysOf(cause));
  return await openChange(visit, { ...opening, key: keyOf(visit, opening) });
}

/** `POST /ui/drift/accept`; what cannot be written into files is told before the rest is opened. */
export async function askAccept(visit: Visit): Promise<Page | Response> {
  const { desired } = await visit.view();
  const cause = await causeOf(visit);
  const { controller } = visit.parts;
  const { opening, refused } = await acceptDrift(controller, desired, keysOf(cause), visit.signal);
  if (opening !== undefined && (refused.length === 0 || visit.form.has("rest")))
    return await openChange(visit, { ...opening, key: keyOf(visit, opening) });
  const rest = html`<input type="hidden" name="rest" value="yes">`;
  return {
    title: "Accept drift",
    place: "drift",
    status: 422,
    body: html`<div class="head"><h1>Accept drift</h1></div>
<section class="card"><p class="notice bad" role="alert">${opening === undefined ? "None of it can be written into files." : "Some of it cannot be written into files."}</p>
<ul class="plain">${refused.map(refusedLine)}</ul>
<div class="actions">${opening === undefined ? nothing : form(visit, cause, "accept", html`Accept the rest`, rest)}<a class="button" href="/ui/drift">Go back</a></div></section>`,
  };
}

export const refusedLine = ({ name, reason }: Refused): Markup => html`<li><b>${name}</b>: ${reason}</li>`;

const keysOf = ({ object: kind, account, names }: DriftCause): string[] =>
  names.map((name) => objectKey({ kind, account, name }));

const keyOf = ({ form }: Visit, opening: object): string =>
  createHash("sha256")
    .update(canonicalJson([form.get("once"), opening]))
    .digest("hex");

/** What was shown, if it is still so. @throws {FleetError} PREVIEW_STALE, FORBIDDEN */
async function causeOf(visit: Visit): Promise<DriftCause> {
  const accounts = await driftFor(visit.parts, await visit.view(), visit.who);
  const wanted = visit.form.get("cause");
  const cause = accounts.flatMap(({ causes }) => causes).find((one) => nameOf(one) === wanted);
  if (cause === undefined) throw new FleetError("PREVIEW_STALE", "this differs no more: look at the drift again");
  if (isTheirs(visit, cause)) return cause;
  throw new FleetError("FORBIDDEN", `a change of kind ${cause.object} is for those who are about all of the fleet`);
}
