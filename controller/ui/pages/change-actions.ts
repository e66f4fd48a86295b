import { html } from "hono/html";
import { FleetError } from "../../../resources/errors.ts";
import { isDoneAhead } from "../../changes/ahead-rules.ts";
import { missingHashes } from "../../changes/approve.ts";
import { mayTake } from "../../changes/own.ts";
import type { Change, ChangeState } from "../../changes/types.ts";
import type { Role } from "../../people/principal.ts";
import { tokenField } from "../layout.ts";
import { type Markup, nothing } from "../parts/markup.ts";
import { liftsOf, overridesOf } from "../parts/overrides.ts";
import { changeOf } from "../reads/changes.ts";
import { may, type Visit } from "../visit.ts";

export const ACTION_ROLES = {
  approve: "approver",
  execute: "requester",
  preview: "requester",
  close: "requester",
} as const satisfies Record<string, Role>;
export type ChangeAction = keyof typeof ACTION_ROLES;

/** For whoever has opened the change, and for operators. */
const OWN: readonly ChangeAction[] = ["execute", "close"];

/** In which states there is something to be had by it. */
const WHEN: Readonly<Record<ChangeAction, readonly ChangeState[]>> = {
  approve: ["needs-approval", "previewed"],
  execute: ["approved", "failed"],
  preview: ["draft", "previewed", "stale", "needs-approval", "approved"],
  close: ["draft", "previewing", "previewed", "needs-approval", "approved", "stale"],
};

const LONGEST_REASON = 500;

function isOffered(visit: Visit, change: Change, action: ChangeAction, before: boolean): boolean {
  if (!may(visit, ACTION_ROLES[action]) || !WHEN[action].includes(change.state)) return false;
  if (OWN.includes(action) && !mayTake(visit.who, change)) return false;
  if (action === "close" && change.merged !== undefined) return false;
  if (action === "execute") return canExecute(change, before);
  if (action === "close" && change.ahead?.begun) return false;
  return action !== "approve" || canApprove(change);
}

/** What has failed on the main line comes again by itself, and a pull request is executed by its merge unless the main line says otherwise. */
function canExecute(change: Change, before: boolean): boolean {
  if (change.pull === undefined || change.merged !== undefined) return change.state === "approved";
  return before && !isDoneAhead(change);
}

/** What a guard refuses can be approved where it can be lifted. */
function canApprove({ state, preview, approvals }: Change): boolean {
  if (preview === undefined) return false;
  return state === "previewed"
    ? liftsOf(preview).length > 0 && preview.effects.length > 0
    : missingHashes({ preview, approvals }).length > 0;
}

/** Buttons for what this person may do with the change as it stands. `before`: it is to be executed before its merge. */
export function changeActions(visit: Visit, change: Change, before: boolean): Markup {
  const offers = (action: ChangeAction) => isOffered(visit, change, action, before);
  const shown = (Object.keys(ACTION_ROLES) as ChangeAction[]).filter(offers);
  if (shown.length === 0) return nothing;
  return html`<section class="card actions" aria-label="What you can do">
${offers("approve") ? approveForm(visit, change) : nothing}
${offers("execute") ? form(visit, change, "execute", html`<button class="main">Execute</button>`) : nothing}
${offers("preview") ? form(visit, change, "preview", html`<button>Preview anew</button>`) : nothing}
${offers("close") ? html`<details class="close"><summary>Close it</summary>${form(visit, change, "close", closeFields)}</details>` : nothing}
</section>`;
}

const closeFields = html`<label for="reason">Why (may be left empty)</label>
<input id="reason" name="reason" maxlength="${LONGEST_REASON}"> <button class="danger">Close</button>`;

function approveForm(visit: Visit, change: Change): Markup {
  const lifts = liftsOf(change.preview!);
  return form(
    visit,
    change,
    "approve",
    html`<input type="hidden" name="hash" value="${change.preview!.hash}">
${lifts.map(({ field, words }) => html`<label class="check"><input type="checkbox" name="${field}" required> ${words}</label>`)}
<button class="main">Approve</button>`,
  );
}

const form = (visit: Visit, { id }: Change, action: ChangeAction, fields: Markup): Markup =>
  html`<form method="post" action="/ui/changes/${id}/${action}">${tokenField(visit.token)}${fields}</form>`;

/** `POST /ui/changes/ID/ACTION`. What was shown is what is approved: a preview that has moved on is refused. */
export const act =
  (action: ChangeAction) =>
  async (visit: Visit): Promise<Response> => {
    const { parts, who, source, signal, form, c } = visit;
    const change = await changeOf(visit, c.req.param("id") ?? "");
    if (OWN.includes(action) && !mayTake(who, change))
      throw new FleetError(
        "FORBIDDEN",
        `this is for ${change.author.name}, who has opened it, and for the role operator`,
      );
    await DO[action](visit, change, signal);
    const object = `change ${change.id}`;
    await parts.gate.audit({
      who,
      action: `change.${action}`,
      object,
      data: { hash: form.get("hash") ?? undefined },
      source,
    });
    return c.redirect(`/ui/changes/${change.id}`, 303);
  };

const DO: Readonly<Record<ChangeAction, (visit: Visit, change: Change, signal: AbortSignal) => Promise<unknown>>> = {
  approve: async ({ parts, form, who }, change, signal) => {
    const { preview } = change;
    const hash = form.get("hash") ?? "";
    if (preview === undefined || hash !== preview.hash)
      throw new FleetError(
        "PREVIEW_STALE",
        "what it would do has become something else than was shown: look at it again",
      );
    const overrides = overridesOf(preview, form);
    await parts.service.changes.approve(
      change.id,
      { hashes: [hash], by: who, ...(overrides && { overrides }) },
      signal,
    );
  },
  execute: ({ parts, who }, { id }, signal) => parts.service.changes.execute(id, who, signal),
  preview: ({ parts, who }, { id }) => parts.service.changes.preview(id, who),
  close: ({ parts, who, form }, { id }) => {
    const reason = form.get("reason")?.trim().slice(0, LONGEST_REASON);
    return parts.service.changes.close(id, who, reason || undefined);
  },
};
